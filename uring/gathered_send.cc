// One send(2) or sendmsg(2). Covered by tests/uring/gathered_send_test.cc.
#include "uring/gathered_send.h"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <sys/uio.h>

namespace uring {

std::size_t bytes_to_send(const Operation& operation) {
  if (operation.code == OpCode::send) return operation.length;
  if (operation.code == OpCode::send_pages) return operation.front_length + operation.length;
  const auto* message = static_cast<const msghdr*>(operation.address);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < message->msg_iovlen; ++i) sum += message->msg_iov[i].iov_len;
  return sum;
}

namespace {

ssize_t send_rest(int fd, const msghdr& message, std::size_t sent) {
  std::array<iovec, 16> pieces{};  // further pieces are left to the next call
  msghdr rest{};
  rest.msg_iov = pieces.data();
  for (std::size_t i = 0; i < message.msg_iovlen && rest.msg_iovlen < pieces.size(); ++i) {
    const iovec& piece = message.msg_iov[i];
    const std::size_t skipped = std::min(sent, piece.iov_len);
    sent -= skipped;
    if (skipped == piece.iov_len) continue;
    pieces[rest.msg_iovlen++] = {static_cast<char*>(piece.iov_base) + skipped,
                                 piece.iov_len - skipped};
  }
  return ::sendmsg(fd, &rest, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

ssize_t send_rest(const Operation& operation, std::size_t sent) {
  if (operation.code == OpCode::send_gather) {
    return send_rest(operation.fd, *static_cast<const msghdr*>(operation.address), sent);
  }
  return ::send(operation.fd, static_cast<const char*>(operation.address) + sent,
                operation.length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace uring
