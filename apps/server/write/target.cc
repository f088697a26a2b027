// Opening, looking, queueing. Covered by tests/server/write/put_test.cc and
// tests/end_to_end/put_test.cc.
#include "apps/server/write/target.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/connection/worker_state.h"
#include "apps/server/files/file_system.h"
#include "apps/server/plan/conditions.h"

namespace server {

using uring::Fault;

const char* leaf_of(const Connection& c) {
  const std::string_view path = c.exchange->request.intent.path;
  return path.data() + (path.rfind('/') + 1);  // without a slash: all of it
}

std::uint64_t handle_flags() { return O_PATH; }

std::uint64_t directory_flags(const Connection& c) {
  const bool is_synced = c.exchange->site->durability == Durability::full;
  return O_DIRECTORY | (is_synced ? O_RDONLY : O_PATH);
}

// A plain call, which fails for no descriptor that is open: its inode is in memory.
DirectoryId id_of(int directory) {
  struct stat status {};
  describe_file(directory, status);
  return {.device = status.st_dev, .inode = status.st_ino};
}

void begin_files(Connection& c) { c.io.do_files_at_once(c.worker.memory_device.has_value()); }

uring::Task<Found> look(Connection& c, std::uint64_t flags) {
  const char* path = c.exchange->request.intent.path.data();
  Found found = co_await open_beneath(c.io, c.worker.shared.root, path, flags);
  if (found.fd >= 0) c.io.engine().close(std::exchange(found.fd, -1));
  co_return found;
}

namespace {

// The path of the directory in which the path's last name stands.
std::string_view parent_of(const Connection& c) {
  const std::string_view path = c.exchange->request.intent.path;
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// Takes note of the directory that was opened.
void note_directory(Connection& c, Place& place, std::size_t existing_bytes) {
  place.id = id_of(place.directory);
  place.existing_bytes = existing_bytes;
  if (!c.worker.is_in_memory(place.id.device)) {
    c.io.do_files_at_once(false);
  } else if (c.io.does_files_at_once() &&
             c.exchange->request.intent.path.data() + existing_bytes == leaf_of(c)) {
    place.last = c.worker.last_directory.replace(parent_of(c), c.io.loop().iterations(),
                                                 place.directory, place.id);
  }
}

}  // namespace

bool recall_directory(Connection& c, Place& place) {
  const std::string_view parent = parent_of(c);
  place.last = c.worker.last_directory.borrow(parent, c.io.loop().iterations());
  if (!place.last) return false;
  place.directory = place.last->fd;
  place.id = place.last->id;
  place.existing_bytes = parent.empty() ? 0 : parent.size() + 1;
  return true;
}

void leave_directory(Connection& c, Place& place) {
  if (place.last) {
    c.worker.last_directory.give_back(*std::exchange(place.last, nullptr));
  } else if (place.directory >= 0) {
    c.io.engine().close(place.directory);
  }
  place.directory = -1;
}

uring::Task<Fault> open_directory(Connection& c, Place& place) {
  const std::string_view path = c.exchange->request.intent.path;
  const ScratchText text(c.exchange->scratch);
  std::size_t slash = path.rfind('/');
  for (;;) {
    const bool at_root = slash == std::string_view::npos;
    char* name = text.data();
    const std::size_t size = at_root ? path.copy(name, 0) : path.copy(name, slash);
    std::strcpy(name + size, at_root ? "." : "");
    const uring::OpenHow how = beneath(directory_flags(c));
    uring::Result opened{.value = -EAGAIN};
    for (int i = 0; i < most_open_attempts && opened.fault() == Fault::try_again; ++i) {
      const uring::Result attempt = co_await c.io.open(c.worker.shared.root, name, how);
      opened = attempt;
    }
    if (opened.ok()) {
      place.directory = opened.value;
      note_directory(c, place, at_root ? 0 : slash + 1);
      co_return Fault::none;
    }
    if (opened.fault() != Fault::not_found || at_root) co_return opened.fault();
    slash = slash == 0 ? std::string_view::npos : path.rfind('/', slash - 1);
  }
}

Fault take_claim(Connection& c, Claim& claim, DirectoryId directory) {
  const ClaimKey key{.device = directory.device, .inode = directory.inode, .name = leaf_of(c)};
  return c.worker.shared.claims.enter(claim, key);
}

uring::Task<Fault> await_claim(Connection& c, Claim& claim) {
  std::uint64_t count = 0;
  const std::span<char> room(reinterpret_cast<char*>(&count), sizeof count);
  const uring::Result woken = co_await c.io.read(claim.event, room, uring::at_position);
  if (!woken.ok()) c.worker.shared.claims.leave(claim);
  co_return woken.fault();
}

bool conditions_hold(Connection& c, const Found& found) {
  const FileFacts* existing = found.fault == Fault::none ? &found.facts : nullptr;
  return judge(c.exchange->request.head, existing, c.worker.now()) == Verdict::proceed;
}

}  // namespace server
