// Blocking sockets. Covered by the runs of the soak itself.
#include "tests/soak/http_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace soak {

namespace {

constexpr std::string_view blank_line = "\r\n\r\n";
// The server has a limit of 30 s for the next bytes; a longer silence is a failure.
constexpr timeval limit{.tv_sec = 60, .tv_usec = 0};

}  // namespace

std::string Response::field(std::string_view name) const {
  const std::string begin = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(begin);
  if (at == std::string::npos) return {};
  const std::size_t value = at + begin.size();
  return head.substr(value, head.find("\r\n", value) - value);
}

bool HttpClient::connect(std::uint16_t port) {
  close();
  socket_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    connect_error_ = 0;
    return true;
  }
  connect_error_ = errno;
  socket_.reset();
  return false;
}

void HttpClient::close() {
  socket_.reset();
  pending_.clear();
  requests_ = 0;
  timed_out_ = false;
}

void HttpClient::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      timed_out_ = errno == EAGAIN;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool HttpClient::receive(std::string& bytes) {
  std::array<char, 64 * 1024> buffer{};
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    timed_out_ = count < 0 && errno == EAGAIN;
    return false;
  }
  bytes.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

void HttpClient::read_some() {
  std::string bytes;
  receive(bytes);
}

Response HttpClient::read_response(bool is_head) {
  Response response;
  ++requests_;
  std::size_t end = 0;
  while ((end = pending_.find(blank_line)) == std::string::npos) {
    if (receive(pending_)) continue;
    response.timed_out = timed_out_;
    response.head = std::move(pending_);
    pending_.clear();
    return response;
  }
  response.head = pending_.substr(0, end + blank_line.size());
  pending_.erase(0, response.head.size());
  const std::string_view head = response.head;
  if (head.starts_with("HTTP/1.1 ") && head.size() > 12)
    std::from_chars(head.data() + 9, head.data() + 12, response.status);
  response.closes = response.field("Connection") == "close";
  std::size_t size = 0;
  const std::string length = response.field("Content-Length");
  std::from_chars(length.data(), length.data() + length.size(), size);
  const bool has_body = !is_head && response.status != 304 && response.status != 204;
  if (!has_body) size = 0;
  while (pending_.size() < size) {
    if (receive(pending_)) continue;
    response.timed_out = timed_out_;
    response.body = std::move(pending_);
    pending_.clear();
    return response;
  }
  response.body = pending_.substr(0, size);
  pending_.erase(0, size);
  response.whole = true;
  return response;
}

}  // namespace soak
