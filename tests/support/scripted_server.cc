// Plain blocking sockets with timeouts: this file shares no code with the tested programs.
// Covered by tests/client/.
#include "tests/support/scripted_server.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace test_support {

namespace {

// A test fails when its script has waited this long for the peer.
constexpr int timeout_ms = 60'000;

[[noreturn]] void give_up(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// An address of any family, and its size.
struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address loopback(ScriptedServer::Family family, const std::string& path) {
  Address address;
  if (family == ScriptedServer::Family::ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&address.storage, &in, address.bytes = sizeof in);
  } else if (family == ScriptedServer::Family::ipv6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_addr = in6addr_loopback;
    std::memcpy(&address.storage, &in, address.bytes = sizeof in);
  } else {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    path.copy(un.sun_path, sizeof un.sun_path - 1);
    std::memcpy(&address.storage, &un, address.bytes = sizeof un);
  }
  return address;
}

// Binds a new socket; returns the port that the system chose, 0 for a unix socket.
std::uint16_t bind_anywhere(int fd, Address address) {
  if (::bind(fd, address.get(), address.bytes) != 0) give_up("bind");
  if (address.storage.ss_family == AF_UNIX) return 0;
  socklen_t bytes = sizeof address.storage;
  if (::getsockname(fd, address.get(), &bytes) != 0) give_up("getsockname");
  // The port is at the same place in sockaddr_in and sockaddr_in6.
  sockaddr_in in{};
  std::memcpy(&in, &address.storage, sizeof in);
  return ntohs(in.sin_port);
}

int new_socket(Address& address) {
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up("socket");
  return fd;
}

}  // namespace

// --- Peer ---

Peer::~Peer() { close(); }

// Appends received bytes to pending_. False at the end of the stream, or after the timeout.
bool Peer::receive() {
  if (!has_bytes(std::chrono::milliseconds(timeout_ms))) {
    ADD_FAILURE() << "the client sent nothing for " << timeout_ms
                  << " ms; before that: " << pending_.substr(0, 1000);
    return false;
  }
  std::array<char, 65536> room;
  const ssize_t count = ::recv(fd_, room.data(), room.size(), 0);
  if (count > 0) pending_.append(room.data(), static_cast<std::size_t>(count));
  return count > 0;
}

bool Peer::has_bytes(std::chrono::milliseconds within) {
  pollfd polled{fd_, POLLIN, 0};
  return ::poll(&polled, 1, static_cast<int>(within.count())) == 1;
}

std::string Peer::read_through(std::string_view text) {
  std::size_t found = pending_.find(text);
  while (found == std::string::npos && receive()) found = pending_.find(text);
  return read_bytes(found == std::string::npos ? pending_.size() : found + text.size());
}

std::string Peer::read_some() {
  if (pending_.empty()) receive();
  return std::exchange(pending_, {});
}

std::string Peer::read_bytes(std::size_t count) {
  while (pending_.size() < count && receive()) continue;
  std::string taken = pending_.substr(0, count);
  pending_.erase(0, count);
  return taken;
}

std::string Peer::read_to_end() {
  while (receive()) continue;
  return std::exchange(pending_, {});
}

bool Peer::at_end() { return pending_.empty() && !receive(); }

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool Peer::send_in_steps(std::string_view bytes, std::size_t step) {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  while (!bytes.empty()) {
    const std::size_t count = std::min(step, bytes.size());
    if (!send(bytes.substr(0, count))) return false;
    bytes.remove_prefix(count);
    std::this_thread::yield();
  }
  return true;
}

void Peer::finish_sending() { ::shutdown(fd_, SHUT_WR); }

void Peer::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Peer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

// --- ScriptedServer ---

ScriptedServer::ScriptedServer(std::vector<Script> scripts, Family family, const std::string& path)
    : scripts_(std::move(scripts)), family_(family) {
  Address address = loopback(family, path);
  listener_ = new_socket(address);
  port_ = bind_anywhere(listener_, address);
  if (::listen(listener_, 64) != 0) give_up("listen");
  stopfd_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread(&ScriptedServer::serve, this);
}

ScriptedServer::~ScriptedServer() {
  finish();
  ::close(listener_);
  ::close(stopfd_);
}

void ScriptedServer::finish() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  if (::write(stopfd_, &one, sizeof one) < 0) ADD_FAILURE() << "eventfd";
  thread_.join();
}

// A pending connection is served before a request to stop is handled.
void ScriptedServer::serve() {
  while (true) {
    std::array<pollfd, 2> polled{{{listener_, POLLIN, 0}, {stopfd_, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), -1);
    if (!(polled[0].revents & POLLIN)) return;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    Peer peer(fd);
    const std::size_t number = connections_++;
    if (number < scripts_.size())
      scripts_[number](peer);
    else
      ADD_FAILURE() << "a connection more than the " << scripts_.size() << " expected";
  }
}

std::string ScriptedServer::authority() const {
  switch (family_) {
    case Family::ipv4: return "127.0.0.1:" + std::to_string(port_);
    case Family::ipv6: return "[::1]:" + std::to_string(port_);
    default: return "localhost";
  }
}

std::string ScriptedServer::url(std::string_view path) const {
  return "http://" + authority() + std::string(path);
}

DeafPort::DeafPort() {
  Address address = loopback(ScriptedServer::Family::ipv4, {});
  fd_ = new_socket(address);
  port_ = bind_anywhere(fd_, address);
}

DeafPort::~DeafPort() { ::close(fd_); }

bool has_ipv6() {
  Address address = loopback(ScriptedServer::Family::ipv6, {});
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool bound = ::bind(fd, address.get(), address.bytes) == 0;
  ::close(fd);
  return bound;
}

bool has_localhost() {
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo("localhost", nullptr, nullptr, &found);
  if (failure == 0) ::freeaddrinfo(found);
  return failure == 0;
}

}  // namespace test_support
