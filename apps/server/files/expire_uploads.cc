// Which of the two files exist, how old they are, and who uses them. Covered by
// tests/server/files/expire_uploads_test.cc, tests/server/expiry_faults_test.cc and
// tests/end_to_end/resumable_test.cc.
#include "apps/server/files/expire_uploads.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <new>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/server/files/open.h"
#include "apps/server/plan/intent.h"
#include "apps/server/plan/upload_state.h"
#include "uring/fd.h"
#include "uring/openat2.h"

namespace server {

namespace {

// The result of a call about a name.
enum class Look : std::uint8_t { exists, gone, unknown };

Look look_of(int error) {
  if (error == 0) return Look::exists;
  return error == ENOENT || error == ENOTDIR || error == ELOOP ? Look::gone : Look::unknown;
}

struct Opened {
  uring::Fd file;
  Look look = Look::unknown;
};

Opened open_at(int directory, const char* name, std::uint64_t flags) {
  const int opened = uring::openat2(directory, name, beneath(flags | O_NOFOLLOW));
  return {uring::Fd(std::max(opened, -1)), look_of(std::min(opened, 0) * -1)};
}

// Removes the name. False: it still exists.
bool remove_name(int directory, const char* name) {
  return ::unlinkat(directory, name, 0) == 0 || look_of(errno) == Look::gone;
}

// After a failure that may be temporary: the upload is looked at again.
UploadFate try_again(const UploadRegistry::Place& place, std::int64_t now_ms) {
  constexpr std::int64_t pause_ms = 5000;
  return {.due_ms = now_ms + pause_ms, .is_finished = place.is_finished, .parents = place.parents};
}

// Reads the number of directories that the upload has made: 0 where there is no whole state. False:
// it cannot be read at the moment.
bool read_parents(int directory, const char* state, std::size_t& parents) {
  const Opened opened = open_at(directory, state, O_RDONLY | O_NONBLOCK);
  if (opened.look == Look::gone) return true;
  struct Memory {
    std::array<char, most_state_bytes> text;
    std::array<char, path_buffer_bytes> leaf;
    http1::RequestHead head;
  };
  const std::unique_ptr<Memory> memory(new (std::nothrow) Memory);
  if (opened.look == Look::unknown || !memory) return false;
  const ssize_t size = ::read(opened.file.get(), memory->text.data(), memory->text.size());
  if (size < 0) return false;
  UploadState read;
  const std::string_view text(memory->text.data(), static_cast<std::size_t>(size));
  if (read_upload_state(text, memory->head, memory->leaf, read)) parents = read.parents;
  return true;
}

// Removes the last `count` directories of `path`, as far as they are empty. False: one of them
// could not be removed for another reason. `path` becomes shorter.
bool remove_directories(int root, std::string& path, std::size_t count) {
  for (; count > 0 && path != "."; --count) {
    const std::size_t slash = path.rfind('/');
    const bool is_top = slash == std::string::npos;
    if (!is_top) path[slash] = '\0';
    const Opened parent = open_at(root, is_top ? "." : path.c_str(), O_PATH | O_DIRECTORY);
    if (parent.look == Look::unknown) return false;
    const char* const name = path.c_str() + (is_top ? 0 : slash + 1);
    const bool is_there = parent.look == Look::exists;
    if (is_there && ::unlinkat(parent.file.get(), name, AT_REMOVEDIR) != 0) {
      if (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY) return true;
      if (look_of(errno) != Look::gone) return false;
    }
    if (is_top) return true;
    path.resize(slash);
  }
  return true;
}

// The end of an upload whose files are gone: that of the directories that it has made.
UploadFate end_directories(int root, const UploadRegistry::Place& place, std::size_t parents,
                           std::string& path, std::int64_t now_ms) {
  if (remove_directories(root, path, parents)) return {};
  UploadFate fate = try_again(place, now_ms);
  fate.is_finished = true;
  fate.parents = parents;
  return fate;
}

// The fate of an upload whose file of bytes is gone: it is finished, or was never whole.
UploadFate expire_state(int root, int directory, const UploadRegistry::Place& place,
                        std::int64_t expiry_s, std::int64_t now_ms) {
  std::string path = place.directory;
  const TemporaryName name = name_of_upload(place.id, UploadName::state);
  const Opened state = open_at(directory, name.data(), O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (state.look == Look::unknown) return try_again(place, now_ms);
  if (state.look == Look::exists) {
    if (::fstat(state.file.get(), &status) != 0) return try_again(place, now_ms);
    const std::int64_t due_ms = end_of_upload_ms(status.st_mtim, expiry_s, true);
    if (now_ms < due_ms) return {.due_ms = due_ms, .is_finished = true, .parents = place.parents};
    if (!remove_name(directory, name.data())) return try_again(place, now_ms);
  }
  return end_directories(root, place, place.parents, path, now_ms);
}

// Says whether the file of bytes is locked by a request. `fails`: the lock could not be tried.
bool is_locked(int file, bool& fails) {
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return false;
  // Some file systems have no locks.
  const bool has_none = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL;
  fails = errno != EWOULDBLOCK && !has_none;
  return errno == EWOULDBLOCK;
}

}  // namespace

std::int64_t end_of_upload_ms(const timespec& changed, std::int64_t expiry_s, bool is_finished) {
  constexpr std::int64_t most_memory_s = 86'400;
  const std::int64_t life_s = is_finished ? std::min(expiry_s, most_memory_s) : expiry_s;
  return (changed.tv_sec + life_s) * 1000 + changed.tv_nsec / 1'000'000;
}

timespec later_of(const timespec& one, const timespec& other) {
  const bool is_later =
      one.tv_sec != other.tv_sec ? one.tv_sec > other.tv_sec : one.tv_nsec > other.tv_nsec;
  return is_later ? one : other;
}

std::int64_t file_time_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

UploadFate expire_upload(int root, const UploadRegistry::Place& place, std::int64_t expiry_s,
                         std::int64_t now_ms) {
  std::string path = place.directory;  // before anything is removed: it may throw
  const Opened opened = open_at(root, path.c_str(), O_PATH | O_DIRECTORY);
  if (opened.look == Look::unknown) return try_again(place, now_ms);
  if (opened.look == Look::gone) return end_directories(root, place, place.parents, path, now_ms);
  const int directory = opened.file.get();
  const TemporaryName part = name_of_upload(place.id, UploadName::part);
  const TemporaryName state = name_of_upload(place.id, UploadName::state);
  const Opened bytes = open_at(directory, part.data(), O_RDWR | O_NONBLOCK);
  if (bytes.look == Look::unknown) return try_again(place, now_ms);
  if (bytes.look == Look::gone) return expire_state(root, directory, place, expiry_s, now_ms);
  bool fails = false;
  if (is_locked(bytes.file.get(), fails)) {
    return {.due_ms = now_ms + expiry_s * 1000, .parents = place.parents};  // a request uses it
  }
  struct stat status {};
  if (fails || ::fstat(bytes.file.get(), &status) != 0) return try_again(place, now_ms);
  if (!S_ISREG(status.st_mode)) return {};
  struct stat of_state {};
  const int looked = ::fstatat(directory, state.data(), &of_state, AT_SYMLINK_NOFOLLOW);
  const Look look = look_of(looked == 0 ? 0 : errno);
  if (look == Look::unknown) return try_again(place, now_ms);
  const timespec changed = later_of(status.st_mtim, of_state.st_mtim);
  const std::int64_t due_ms = end_of_upload_ms(changed, expiry_s, false);
  if (look == Look::exists && now_ms < due_ms) return {.due_ms = due_ms};
  UploadRegistry::Place rest = place;
  if (!read_parents(directory, state.data(), rest.parents)) return try_again(place, now_ms);
  if (!remove_name(directory, state.data())) return try_again(place, now_ms);
  if (!remove_name(directory, part.data())) return try_again(rest, now_ms);
  UploadFate fate = end_directories(root, rest, rest.parents, path, now_ms);
  fate.is_removed = true;
  return fate;
}

void expire_uploads(int root, UploadRegistry& registry, std::int64_t expiry_s,
                    std::int64_t now_ms) {
  while (const std::optional<UploadRegistry::Place> place = registry.find_due(now_ms)) {
    const UploadFate fate = expire_upload(root, *place, expiry_s, now_ms);
    if (fate.is_finished) registry.set_finished(place->id);
    if (fate.due_ms == 0)
      registry.remove(place->id);
    else
      registry.set_due(place->id, std::max(fate.due_ms, now_ms + 1), fate.parents);
  }
}

}  // namespace server
