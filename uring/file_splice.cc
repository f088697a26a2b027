// splice(2) and sendfile(2). Covered by tests/uring/file_splice_test.cc.
#include "uring/file_splice.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

namespace uring {

namespace {

// The wanted size of the pipe; the kernel gives an ordinary user with many pipes less. More saves
// nothing: a page of the pipe has a piece of a segment, and 256 KiB of them fit in the caches.
constexpr int pipe_bytes = 256 * 1024;

bool has_arrived(int socket) {
  int bytes = 0;
  return ::ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0;
}

}  // namespace

bool ReceivePipe::open() {
  if (is_refused_) return false;
  if (input_.valid()) return true;
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  output_.reset(ends[0]);
  input_.reset(ends[1]);
  ::fcntl(input_.get(), F_SETPIPE_SZ, pipe_bytes);  // it only saves calls, so errors are ignored
  return true;
}

// splice(2) from a blocking socket waits only while nothing has arrived.
std::int64_t ReceivePipe::move(int socket, int file, std::uint64_t offset, std::size_t most) {
  std::size_t moved = 0;
  while (moved < most && has_arrived(socket) && open()) {
    const std::size_t wanted = std::min<std::size_t>(most - moved, pipe_bytes);
    const ssize_t count =
        ::splice(socket, nullptr, input_.get(), nullptr, wanted, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count <= 0) {
      is_refused_ = count < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM);
      break;
    }
    const auto bytes = static_cast<std::size_t>(count);
    const int error = empty_into(file, offset + moved, bytes);
    if (error != 0) {
      input_.reset();  // the bytes in the pipe go with it
      output_.reset();
      return -error;
    }
    moved += bytes;
  }
  return static_cast<std::int64_t>(moved);
}

// Moves the bytes in the pipe to the file. Returns 0 or an errno.
int ReceivePipe::empty_into(int file, std::uint64_t offset, std::size_t bytes) {
  auto at = static_cast<off_t>(offset);
  while (bytes > 0) {
    const ssize_t count = ::splice(output_.get(), nullptr, file, &at, bytes, SPLICE_F_MOVE);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM)) {
      is_refused_ = true;  // some file systems cannot
      return copy_into(file, static_cast<std::uint64_t>(at), bytes);
    }
    if (count <= 0) return count < 0 ? errno : EIO;
    bytes -= static_cast<std::size_t>(count);
  }
  return 0;
}

// empty_into() for a file that cannot be spliced into.
int ReceivePipe::copy_into(int file, std::uint64_t offset, std::size_t bytes) {
  std::array<char, 4096> piece;
  while (bytes > 0) {
    const ssize_t got = ::read(output_.get(), piece.data(), std::min(bytes, piece.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : EIO;
    bytes -= static_cast<std::size_t>(got);
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::pwrite(file, piece.data() + done, static_cast<std::size_t>(got - done),
                                   static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return put < 0 ? errno : EIO;
      done += put;
      offset += static_cast<std::uint64_t>(put);
    }
  }
  return 0;
}

// sendfile(2) has no flag for a socket that must not wait.
std::size_t send_from_file(int socket, int file, std::uint64_t offset, std::size_t most) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0) return 0;
  const bool waits = (flags & O_NONBLOCK) == 0;
  if (waits) ::fcntl(socket, F_SETFL, flags | O_NONBLOCK);
  auto at = static_cast<off_t>(offset);
  const ssize_t count = ::sendfile(socket, file, &at, most);
  if (waits) ::fcntl(socket, F_SETFL, flags);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace uring
