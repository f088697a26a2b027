// unix(7) and cmsg(3) for control messages. Covered by tests/server/process/control_test.cc.
#include "apps/server/process/control_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/server/listen/unix_address.h"
#include "uring/monotonic.h"
#include "uring/result.h"

namespace server {

using options::ExitReason;

namespace {

constexpr std::size_t rights_bytes = CMSG_SPACE(sizeof(int) * most_sockets);

ExitReason too_long(const std::string& path) {
  return {EX_USAGE, "--control: '" + path +
                        "' is longer than 107 bytes; give a shorter path, as in --control "
                        "/run/quoitd.control"};
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// The descriptors of one message. Each belongs to an Fd at once, so that none stays open when
// memory for a list of them is exhausted.
using Taken = std::array<uring::Fd, most_sockets>;

// Takes the descriptors of a received message over, and returns how many there are.
std::size_t take_descriptors(msghdr& header, Taken& taken) {
  std::size_t count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t own = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < own && count < taken.size(); ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof number, sizeof number);
      taken[count++].reset(number);
    }
  }
  return count;
}

}  // namespace

ExitReason listen_for_control(const std::string& path, uring::Fd& socket) {
  sockaddr_un address{};
  if (!make_unix_address(path, address)) return too_long(path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return {EX_CANTCREAT, "--control: another file has the name " + path +
                                "; give a path that does not exist, as in --control "
                                "/run/quoitd.control"};
    }
    ::unlink(path.c_str());  // no process accepts there: connect_to_control() has tried
  }
  socket.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The kernel gives the file the mode of the unbound socket, so that it never has another one.
  constexpr mode_t only_owner = 0600;
  constexpr int backlog = 4;
  if (socket.valid() && ::fchmod(socket.get(), only_owner) == 0 &&
      ::bind(socket.get(), generic(address), sizeof address) == 0 &&
      ::listen(socket.get(), backlog) == 0) {
    return {};
  }
  const int error = errno;
  return {error == EACCES ? EX_NOPERM : EX_CANTCREAT,
          "--control: cannot make the socket " + path + ": " + uring::error_text(error)};
}

ExitReason connect_to_control(const std::string& path, uring::Fd& socket) {
  sockaddr_un address{};
  if (!make_unix_address(path, address)) return too_long(path);
  uring::Fd made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.valid() && ::connect(made.get(), generic(address), sizeof address) == 0) {
    socket = std::move(made);
    return {};
  }
  const int error = errno;
  if (error == ENOENT || error == ECONNREFUSED) return {};
  const std::string begin = "--control: cannot connect to " + path + ": ";
  if (error == EPROTOTYPE) return {EX_USAGE, begin + "it is the socket of another program"};
  if (error == EAGAIN) return {EX_TEMPFAIL, begin + "other processes wait there already"};
  return {error == EACCES ? EX_NOPERM : EX_OSERR, begin + uring::error_text(error)};
}

bool is_peer_allowed(int socket, pid_t& process) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  process = peer.pid;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

bool send_packet(int socket, std::string_view bytes) {
  return ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool send_message(int socket, const ControlMessage& message, std::span<const int> descriptors) {
  std::string bytes = write_message(message);
  iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, rights_bytes> rights{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = rights.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  return ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

Received receive_message(int socket, ControlMessage& message, std::vector<uring::Fd>& descriptors) {
  std::array<char, most_packet_bytes> bytes;
  iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, rights_bytes> rights{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = rights.data();
  header.msg_controllen = rights.size();
  const ssize_t count = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Received::none_yet : Received::end;
  if (count == 0) return Received::end;
  Taken taken;
  const std::span own = std::span(taken).first(take_descriptors(header, taken));
  descriptors.insert(descriptors.end(), std::make_move_iterator(own.begin()),
                     std::make_move_iterator(own.end()));
  std::optional<ControlMessage> read =
      read_message({bytes.data(), static_cast<std::size_t>(count)});
  // MSG_CTRUNC: descriptors were lost, because this process may not open as many.
  if (!read || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Received::malformed;
  message = std::move(*read);
  return Received::message;
}

Received receive_within(int socket, int timeout_ms, ControlMessage& message,
                        std::vector<uring::Fd>& descriptors) {
  const uring::Milliseconds end = uring::monotonic_ms() + timeout_ms;
  for (;;) {
    const auto left = static_cast<int>(std::max<std::int64_t>(0, end - uring::monotonic_ms()));
    pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, left);
    const Received received = receive_message(socket, message, descriptors);
    if (received != Received::none_yet || left == 0) return received;
  }
}

}  // namespace server
