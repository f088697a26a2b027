// openat2(2) through the engine. Covered by tests/server/files/open_test.cc.
#include "apps/server/files/open.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/files/file_system.h"

namespace server {

uring::OpenHow beneath(std::uint64_t flags, std::uint64_t mode) {
  return {
      .flags = flags | O_CLOEXEC, .mode = mode, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
}

void discard(uring::Engine& engine, FileCache& files, Found& found, uring::Fault fault) {
  if (found.fd >= 0) engine.close(std::exchange(found.fd, -1));
  if (found.cached) files.unpin(*std::exchange(found.cached, nullptr));
  found.fault = fault;
}

bool OpenAttempts::another(uring::Fault fault) {
  switch (fault) {
    case uring::Fault::try_again:
    case uring::Fault::stale: return ++attempts_ < most_open_attempts;
    case uring::Fault::out_of_descriptors:
      return ++attempts_ < most_open_attempts && files_.close_files();
    default: return false;
  }
}

// Stats an open file. fstat(2) is a plain call here: the inode of an open file is in memory, the
// call takes 88 ns where a statx through the ring takes 1,200, and it cannot block on a local file
// system. On a network file system it may fail: Fault::stale if the file was replaced meanwhile.
Found describe(int fd) {
  struct stat status {};
  if (!describe_file(fd, status)) return {.fault = uring::fault_of(errno), .fd = fd};
  const bool is_directory = S_ISDIR(status.st_mode);
  const bool is_served = is_directory || S_ISREG(status.st_mode);
  return {.fault = is_served ? uring::Fault::none : uring::Fault::not_allowed,
          .fd = fd,
          .is_directory = is_directory,
          .facts = facts_in(status)};
}

uring::Task<Found> open_beneath(uring::Io& io, FileCache& files, const char* path,
                                std::uint64_t flags) {
  const uring::OpenHow how = beneath(flags);
  OpenAttempts attempts(files);
  Found found;
  do {
    const uring::Result opened = co_await io.open(files.root(), path, how);
    found = opened.ok() ? describe(opened.value) : Found{.fault = opened.fault()};
    if (found.fault != uring::Fault::none && found.fd >= 0) {
      io.engine().close(std::exchange(found.fd, -1));
    }
  } while (attempts.another(found.fault));
  // On some file systems a ring's read of a non-blocking file fails with EAGAIN.
  const bool is_file = found.fd >= 0 && !found.is_directory;
  if (is_file && (flags & O_NONBLOCK) != 0) ::fcntl(found.fd, F_SETFL, 0);
  co_return found;
}

}  // namespace server
