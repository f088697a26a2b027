// Blocking sockets with timeouts. Covered by tests/end_to_end/.
#include "tests/support/raw_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"

namespace test_support {

namespace {

constexpr int timeout_ms = 60'000;

// Finds the value of a field in a head. False if it is missing.
bool find_field(std::string_view head, std::string_view name, std::string_view& value) {
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos;
       line = head.find("\r\n", line)) {
    line += 2;
    const std::string_view rest = head.substr(line);
    const bool is_it = rest.size() > name.size() && rest[name.size()] == ':' &&
                       ::strncasecmp(rest.data(), name.data(), name.size()) == 0;
    if (!is_it) continue;
    value = rest.substr(name.size() + 1, rest.find("\r\n") - name.size() - 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return true;
  }
  return false;
}

std::size_t body_size(const Response& response, RawClient::To method) {
  if (method == RawClient::To::head) return 0;
  if (response.status < 200 || response.status == 204 || response.status == 304) return 0;
  const std::string text = response.field("Content-Length");
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  EXPECT_TRUE(error == std::errc() && end == text.data() + text.size()) << "no Content-Length in:\n"
                                                                        << response.head;
  return size;
}

}  // namespace

std::string Response::field(std::string_view name) const {
  std::string_view value;
  find_field(head, name, value);
  return std::string(value);
}

bool Response::has(std::string_view name) const {
  std::string_view value;
  return find_field(head, name, value);
}

RawClient RawClient::to_port(std::uint16_t port, bool ipv6) {
  RawClient client(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  const auto* address = ipv6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
  const socklen_t size = ipv6 ? sizeof v6 : sizeof v4;
  if (::connect(client.fd_, address, size) != 0) client.connect_error_ = errno;
  const int on = 1;
  ::setsockopt(client.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return client;
}

RawClient RawClient::to_port_from(std::uint16_t port, const char* own_address) {
  RawClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own{};
  own.sin_family = AF_INET;
  EXPECT_EQ(::inet_pton(AF_INET, own_address, &own.sin_addr), 1);
  EXPECT_EQ(::bind(client.fd_, reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client.fd_, reinterpret_cast<sockaddr*>(&server), sizeof server) != 0) {
    client.connect_error_ = errno;
  }
  return client;
}

RawClient RawClient::to_unix(const std::string& path) {
  RawClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(client.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    client.connect_error_ = errno;
  }
  return client;
}

RawClient::~RawClient() { close(); }

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      connect_error_(other.connect_error_),
      has_ended_(other.has_ended_),
      was_reset_(other.was_reset_),
      pending_(std::move(other.pending_)) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd polled{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&polled, 1, timeout_ms) == 0) {
      ADD_FAILURE() << "the server reads nothing";
      return false;
    }
    const std::size_t count = send_some(bytes);
    if (count == 0 && errno != EAGAIN) return false;
    bytes.remove_prefix(count);
  }
  return true;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  errno = 0;
  const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void RawClient::send_piece(std::string_view bytes) {
  if (!send(bytes)) return;
  const auto all_received = [&] {
    int unread = 0;
    return ::ioctl(fd_, SIOCOUTQ, &unread) != 0 || unread == 0;
  };
  for (int i = 0; i < 1000 && !all_received(); ++i) std::this_thread::yield();
  EXPECT_TRUE(eventually(all_received)) << "the server receives nothing";
}

void RawClient::finish_sending() { ::shutdown(fd_, SHUT_WR); }

void RawClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool RawClient::has_bytes(int within_ms) {
  if (!pending_.empty()) return true;
  pollfd polled{.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, within_ms) == 1;
}

std::size_t RawClient::read_some(std::span<char> room) {
  if (!pending_.empty()) {
    const std::size_t count = pending_.copy(room.data(), room.size());
    pending_.erase(0, count);
    return count;
  }
  if (!has_bytes(timeout_ms)) {
    ADD_FAILURE() << "the server sends nothing for " << timeout_ms << " ms";
    return 0;
  }
  const ssize_t count = ::recv(fd_, room.data(), room.size(), 0);
  has_ended_ = count <= 0;
  if (count < 0) was_reset_ = errno == ECONNRESET;
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

// Appends the next received bytes to pending_. False at the end of the stream.
bool RawClient::receive() {
  std::string before = std::exchange(pending_, {});
  std::array<char, 65536> room;
  const std::size_t count = read_some(room);
  before.append(room.data(), count);
  pending_ = std::move(before);
  return count > 0;
}

std::string RawClient::read_bytes(std::size_t count) {
  while (pending_.size() < count && receive()) continue;
  std::string bytes = pending_.substr(0, count);
  pending_.erase(0, count);
  return bytes;
}

std::string RawClient::read_to_end() {
  while (receive()) continue;
  return std::exchange(pending_, {});
}

Ending RawClient::ending() {
  read_to_end();
  if (was_reset_) return Ending::reset;
  return has_ended_ ? Ending::orderly : Ending::not_yet;
}

Response RawClient::read_response(To method) {
  Response response;
  std::size_t end = pending_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!receive()) {
      response.head = std::exchange(pending_, {});
      return response;
    }
    end = pending_.find("\r\n\r\n");
  }
  response.head = read_bytes(end + 4);
  EXPECT_EQ(response.head.substr(0, 9), "HTTP/1.1 ");
  std::from_chars(response.head.data() + 9, response.head.data() + 12, response.status);
  const std::size_t size = body_size(response, method);
  response.body = read_bytes(size);
  response.whole = response.body.size() == size;
  return response;
}

Response RawClient::ask(std::string_view request, To method) {
  send(request);
  return read_response(method);
}

Response RawClient::read_response_after(char first) {
  pending_.insert(pending_.begin(), first);
  return read_response();
}

std::string request(std::string_view method, std::string_view target,
                    const std::vector<std::string>& fields) {
  std::string text =
      std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n";
  for (const std::string& field : fields) text += field + "\r\n";
  return text + "\r\n";
}

std::string get(std::string_view target, const std::vector<std::string>& fields) {
  return request("GET", target, fields);
}

std::string put(std::string_view target, std::string_view body,
                const std::vector<std::string>& fields) {
  std::vector<std::string> all = fields;
  all.push_back("Content-Length: " + std::to_string(body.size()));
  return request("PUT", target, all) + std::string(body);
}

}  // namespace test_support
