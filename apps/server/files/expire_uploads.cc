// Which of the two files exist, how old they are, and who uses them. Covered by
// tests/server/files/expire_uploads_test.cc and tests/end_to_end/resumable_test.cc.
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
#include <utility>

#include "apps/server/files/open.h"
#include "apps/server/plan/intent.h"
#include "apps/server/plan/upload_state.h"
#include "uring/fd.h"
#include "uring/openat2.h"

namespace server {

namespace {

uring::Fd open_at(int directory, const char* name, std::uint64_t flags) {
  return uring::Fd(std::max(uring::openat2(directory, name, beneath(flags | O_NOFOLLOW)), -1));
}

// The number of directories that the upload has made; 0 where its state cannot be read.
std::size_t parents_of(int directory, const char* state) {
  const uring::Fd file = open_at(directory, state, O_RDONLY | O_NONBLOCK);
  struct Memory {
    std::array<char, most_state_bytes> text;
    std::array<char, path_buffer_bytes> leaf;
    http1::RequestHead head;
  };
  const std::unique_ptr<Memory> memory(new (std::nothrow) Memory);
  if (!file.valid() || !memory) return 0;
  const ssize_t size = ::read(file.get(), memory->text.data(), memory->text.size());
  UploadState read;
  const std::string_view text(memory->text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return read_upload_state(text, memory->head, memory->leaf, read) ? read.parents : 0;
}

// Removes the last `count` directories of the path, as far as they are empty.
void remove_directories(int root, std::string path, std::size_t count) {
  for (; count > 0 && path != "."; --count) {
    const std::size_t slash = path.rfind('/');
    const bool is_top = slash == std::string::npos;
    const std::string above = is_top ? "." : path.substr(0, slash);
    const uring::Fd parent = open_at(root, above.c_str(), O_PATH | O_DIRECTORY);
    const std::string name = is_top ? path : path.substr(slash + 1);
    if (!parent.valid() || ::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) != 0) return;
    path = above;
  }
}

// The fate of an upload whose file of bytes is gone: it is finished, or was never whole.
UploadFate expire_state(int directory, const char* state, std::int64_t expiry_s,
                        std::int64_t now_ms) {
  const uring::Fd file = open_at(directory, state, O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return {};
  const std::int64_t due_ms = end_of_upload_ms(status.st_mtim, expiry_s, true);
  if (now_ms < due_ms) return {.due_ms = due_ms, .is_finished = true};
  ::unlinkat(directory, state, 0);
  return {};
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
  const uring::Fd directory = open_at(root, place.directory.c_str(), O_PATH | O_DIRECTORY);
  if (!directory.valid()) return {};
  const TemporaryName part = name_of_upload(place.id, UploadName::part);
  const TemporaryName state = name_of_upload(place.id, UploadName::state);
  const uring::Fd file = open_at(directory.get(), part.data(), O_RDWR | O_NONBLOCK);
  if (!file.valid()) return expire_state(directory.get(), state.data(), expiry_s, now_ms);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return {.due_ms = now_ms + expiry_s * 1000};  // a request uses it
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  struct stat of_state {};
  const bool has_state =
      ::fstatat(directory.get(), state.data(), &of_state, AT_SYMLINK_NOFOLLOW) == 0;
  const timespec changed = later_of(status.st_mtim, of_state.st_mtim);
  const std::int64_t due_ms = end_of_upload_ms(changed, expiry_s, false);
  if (has_state && now_ms < due_ms) return {.due_ms = due_ms};
  const std::size_t parents = parents_of(directory.get(), state.data());
  ::unlinkat(directory.get(), state.data(), 0);
  ::unlinkat(directory.get(), part.data(), 0);
  remove_directories(root, place.directory, parents);
  return {.is_removed = true};
}

void expire_uploads(int root, UploadRegistry& registry, std::int64_t expiry_s,
                    std::int64_t now_ms) {
  while (std::optional<UploadRegistry::Place> place = registry.take_due(now_ms)) {
    const UploadFate fate = expire_upload(root, *place, expiry_s, now_ms);
    if (fate.is_removed) registry.add_unfinished(-1);
    if (fate.due_ms == 0) continue;
    place->due_ms = fate.due_ms;
    registry.add(std::move(*place));
  }
}

}  // namespace server
