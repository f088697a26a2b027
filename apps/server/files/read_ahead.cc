// posix_fadvise(2) in steps. Covered by tests/server/files/read_ahead_test.cc.
#include "apps/server/files/read_ahead.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/uio.h>
#include <utility>

namespace server {

namespace {

// How far ahead of a read bytes are requested, and the size of one request.
constexpr std::uint64_t window_bytes = 512 * 1024;
constexpr std::uint64_t step_bytes = 128 * 1024;

// Whether the file system of `file` supports non-blocking reads. Where it does not (FUSE, NFS), the
// engine reads on a thread, and posix_fadvise(2) may block.
bool supports_nonblocking_reads(int file, std::uint64_t offset) {
  char byte = 0;
  const iovec buffer{&byte, 1};
  return ::preadv2(file, &buffer, 1, static_cast<off_t>(offset), RWF_NOWAIT) >= 0 ||
         errno == EAGAIN;
}

}  // namespace

void ReadAhead::reach(std::uint64_t offset) {
  if (!std::exchange(has_begun_, true)) begin(offset);
  requested_ = std::max(requested_, offset);
  while (requested_ < end_ && requested_ + step_bytes <= offset + window_bytes) {
    const std::uint64_t size = std::min(step_bytes, end_ - requested_);
    ::posix_fadvise(file_, static_cast<off_t>(requested_), static_cast<off_t>(size),
                    POSIX_FADV_WILLNEED);
    requested_ += size;
  }
}

// POSIX_FADV_RANDOM comes first: pages that the kernel reads ahead on its own contain a marker
// page, and reading that page makes the kernel read ahead again.
void ReadAhead::begin(std::uint64_t offset) {
  if (end_ - offset <= most_read_bytes) {
    end_ = 0;  // one read covers all of it
    return;
  }
  ::posix_fadvise(file_, 0, 0, POSIX_FADV_RANDOM);
  if (supports_nonblocking_reads(file_, offset)) return;
  ::posix_fadvise(file_, 0, 0, POSIX_FADV_NORMAL);
  end_ = 0;
}

}  // namespace server
