// The calls of vmsplice(2) and splice(2). Covered by tests/uring/page_pipe_test.cc and
// send_pages_test.cc.
#include "uring/page_pipe.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace uring {

namespace {

// The wanted size of the pipe. With the usual 64 KiB, 1 MiB costs a fifth more; in a larger one
// more references are made for nothing, because the socket takes only some of them. The kernel
// refuses this size to an ordinary user whose pipes have used up pipe-user-pages-soft, see pipe(7).
constexpr int pipe_bytes = 256 * 1024;

// Once a peer has received so many bytes of an operation that only a reader which does not stall
// can have done that, more bytes may wait in its socket than the listening socket permits
// (TCP_NOTSENT_LOWAT, against readers that stall): pages take no memory of their own there, and
// with 256 KiB the thread is woken so often that 10 MiB cost twice as much.
constexpr std::size_t proven_bytes = 512 * 1024;
constexpr int most_unsent_bytes = 2 * 1024 * 1024;

// The kernel, or a seccomp profile, does not permit a call, or not for these descriptors.
bool is_refusal(int error) { return error == ENOSYS || error == EPERM || error == EINVAL; }

PagePipe::Sent send_copied(int socket, std::string_view bytes, int flags) {
  PagePipe::Sent sent;
  while (sent.bytes < bytes.size()) {
    const std::string_view rest = bytes.substr(sent.bytes);
    const ssize_t count =
        ::send(socket, rest.data(), rest.size(), flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      sent.error = errno;
      break;
    }
    sent.bytes += static_cast<std::size_t>(count);
  }
  return sent;
}

}  // namespace

bool PagePipe::open() {
  if (input_.valid()) return true;
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    copies_ = is_refusal(errno);
    return false;
  }
  output_.reset(ends[0]);
  input_.reset(ends[1]);
  ::fcntl(input_.get(), F_SETPIPE_SZ, pipe_bytes);  // it only saves calls, so errors are ignored
  return true;
}

// The references that are left in the pipe go with it. Splicing them to /dev/null would need
// another descriptor, which a sandbox may not give.
void PagePipe::close() {
  input_.reset();
  output_.reset();
}

// MSG_MORE: the head of a response and the first of its pages share a segment.
PagePipe::Sent PagePipe::send(const Operation& operation, std::size_t sent) {
  const std::string_view front(static_cast<const char*>(operation.second_address),
                               operation.front_length);
  const std::string_view pages(static_cast<const char*>(operation.address), operation.length);
  if (sent >= proven_bytes && !copies_) {
    ::setsockopt(operation.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent_bytes,
                 sizeof most_unsent_bytes);
  }
  Sent of_front;
  if (sent < front.size()) {
    of_front = send_copied(operation.fd, front.substr(sent), pages.empty() ? 0 : MSG_MORE);
    if (of_front.error != 0) return of_front;
    sent = front.size();
  }
  const std::string_view rest = pages.substr(sent - front.size());
  const bool has_more = operation.flags == more_follows;
  Sent of_pages = copies_ || !open() ? send_copied(operation.fd, rest, has_more ? MSG_MORE : 0)
                                     : send_spliced(operation.fd, rest, has_more);
  of_pages.bytes += of_front.bytes;
  return of_pages;
}

// The pages of a file that was truncated are not there: vmsplice(2) then fails with EFAULT, where a
// plain access would raise SIGBUS.
PagePipe::Sent PagePipe::send_spliced(int socket, std::string_view pages, bool has_more) {
  Sent all;
  while (all.error == 0 && all.bytes < pages.size()) {
    const std::string_view rest = pages.substr(all.bytes);
    const iovec piece{const_cast<char*>(rest.data()), rest.size()};
    const ssize_t count = ::vmsplice(input_.get(), &piece, 1, SPLICE_F_NONBLOCK);
    Sent step{.error = errno};
    if (count > 0) {
      const auto filled = static_cast<std::size_t>(count);
      step = empty_into(socket, filled, has_more || filled < rest.size());
    }
    all = {.bytes = all.bytes + step.bytes, .error = step.error};
  }
  if (!is_refusal(all.error)) return all;
  copies_ = true;
  const Sent copied = send_copied(socket, pages.substr(all.bytes), 0);
  return {.bytes = all.bytes + copied.bytes, .error = copied.error};
}

// Moves `bytes`, which are all that the pipe contains, to the socket. The call is repeated until it
// fails, because only then the kernel notes that an event is awaited.
PagePipe::Sent PagePipe::empty_into(int socket, std::size_t bytes, bool has_more) {
  const unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (has_more ? SPLICE_F_MORE : 0);
  Sent sent;
  while (sent.bytes < bytes) {
    const ssize_t count =
        ::splice(output_.get(), nullptr, socket, nullptr, bytes - sent.bytes, flags);
    if (count <= 0) {
      sent.error = count < 0 ? errno : EPIPE;
      close();
      break;
    }
    sent.bytes += static_cast<std::size_t>(count);
  }
  return sent;
}

}  // namespace uring
