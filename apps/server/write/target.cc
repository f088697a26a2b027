// Opening directories, finding paths, and claiming names. Covered by
// tests/server/write/target_test.cc.
#include "apps/server/write/target.h"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/file_system.h"
#include "apps/server/files/root.h"
#include "apps/server/plan/conditions.h"

namespace server {

using uring::Fault;

const char* leaf_of(std::string_view path) {
  return path.data() + (path.rfind('/') + 1);  // npos + 1 is 0: all of it
}

bool has_parent(std::string_view path, const Target& target) {
  return path.data() + target.existing_bytes == leaf_of(path);
}

std::uint64_t directory_flags(Durability durability) {
  return O_DIRECTORY | (durability == Durability::full ? O_RDONLY : O_PATH);
}

// A plain call: the inode of an open descriptor is in memory. On a network file system it may fail.
Fault identify(int directory, DirectoryId& id) {
  struct stat status {};
  if (!describe_file(directory, status)) return uring::fault_of(errno);
  id = {.device = status.st_dev, .inode = status.st_ino};
  return Fault::none;
}

void begin_file_operations(Connection& c) {
  c.io.do_files_at_once(c.worker.memory_device.has_value());
}

uring::Task<Found> stat_target(Connection& c, std::uint64_t flags) {
  const char* path = c.exchange->request.intent.path.data();
  Found found = co_await open_beneath(c.io, c.worker.files, path, flags);
  if (found.fd >= 0) c.io.engine().close(std::exchange(found.fd, -1));
  co_return found;
}

namespace {

// The path of the directory that contains the last name; empty: the root.
std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// Completes `target`, whose directory was opened, and offers a parent in memory to LastDirectory.
Fault record_directory(Connection& c, std::string_view path, Target& target,
                       std::size_t existing_bytes) {
  const Fault fault = identify(target.directory, target.id);
  if (fault != Fault::none) return fault;
  target.existing_bytes = existing_bytes;
  if (!c.worker.is_in_memory(target.id.device)) {
    c.io.do_files_at_once(false);
  } else if (c.io.does_files_at_once() && has_parent(path, target)) {
    target.last = c.worker.last_directory.replace(parent_of(path), c.io.loop().iterations(),
                                                  target.directory, target.id);
  }
  return Fault::none;
}

}  // namespace

bool confirm_directory(Connection& c, std::string_view path, DirectoryId directory) {
  const Root* const root = c.worker.shared.served_root;
  if (!root || root->leads_to(parent_of(path), directory)) return true;
  root->request_check();
  answer(c, 503, "the directory was replaced or unmounted meanwhile, so the change may be lost");
  return false;
}

bool confirm_directory(Connection& c, DirectoryId directory) {
  return confirm_directory(c, c.exchange->request.intent.path, directory);
}

bool reuse_directory(Connection& c, Target& target) {
  const std::string_view parent = parent_of(c.exchange->request.intent.path);
  target.last = c.worker.last_directory.borrow(parent, c.io.loop().iterations());
  if (!target.last) return false;
  target.directory = target.last->fd;
  target.id = target.last->id;
  target.existing_bytes = parent.empty() ? 0 : parent.size() + 1;
  return true;
}

void release_directory(Connection& c, Target& target) {
  if (target.last) {
    c.worker.last_directory.give_back(*std::exchange(target.last, nullptr));
  } else if (target.directory >= 0) {
    c.io.engine().close(target.directory);
  }
  target.directory = -1;
}

uring::Task<Fault> open_directory(Connection& c, Target& target) {
  return open_directory(c, c.exchange->request.intent.path, target);
}

uring::Task<Fault> open_directory(Connection& c, std::string_view path, Target& target) {
  const ScratchText text(c.exchange->scratch);
  const uring::OpenHow how = beneath(directory_flags(c.exchange->site->durability));
  std::size_t slash = path.rfind('/');
  for (;;) {
    const bool at_root = slash == std::string_view::npos;
    char* name = text.data();
    const std::size_t size = at_root ? path.copy(name, 0) : path.copy(name, slash);
    std::strcpy(name + size, at_root ? "." : "");
    uring::Result opened;
    OpenAttempts attempts(c.worker.files);
    do {
      const uring::Result attempt = co_await c.io.open(c.worker.shared.root, name, how);
      opened = attempt;
    } while (attempts.another(opened.fault()));
    if (opened.ok()) {
      target.directory = opened.value;
      co_return record_directory(c, path, target, at_root ? 0 : slash + 1);
    }
    if (opened.fault() != Fault::not_found || at_root) co_return opened.fault();
    slash = slash == 0 ? std::string_view::npos : path.rfind('/', slash - 1);
  }
}

Fault take_claim(Claims& claims, Claim& claim, DirectoryId directory, const Intent& intent) {
  const ClaimKey key{.device = directory.device, .inode = directory.inode, .name = leaf_of(intent)};
  return claims.enter(claim, key);
}

uring::Task<Fault> await_claim(uring::Io& io, Claims& claims, Claim& claim) {
  std::uint64_t count = 0;
  const std::span<char> bytes(reinterpret_cast<char*>(&count), sizeof count);
  const uring::Result woken = co_await io.read(claim.event, bytes, uring::at_position);
  if (!woken.ok()) claims.leave(claim);
  co_return woken.fault();
}

bool conditions_hold(const http1::RequestHead& head, const Found& found, std::int64_t now) {
  const FileFacts* existing = found.fault == Fault::none ? &found.facts : nullptr;
  return judge(head, existing, now) == Verdict::proceed;
}

}  // namespace server
