// ServiceManager: the socket of a service manager, which receives the messages of sd_notify(3).
//
// Covered by tests/server/process/notify_test.cc and tests/end_to_end/notify_test.cc, which use it.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace test_support {

class ServiceManager {
 public:
  // `name` is what NOTIFY_SOCKET says: the path of a socket, or "@" and an abstract name.
  explicit ServiceManager(std::string name)
      : name_(std::move(name)), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_LT(name_.size(), sizeof address.sun_path);
    name_.copy(address.sun_path, name_.size());
    const bool is_abstract = name_.starts_with('@');
    if (is_abstract) address.sun_path[0] = '\0';
    const std::size_t size = offsetof(sockaddr_un, sun_path) + name_.size() + (is_abstract ? 0 : 1);
    const auto* const at = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::bind(fd_, at, static_cast<socklen_t>(size)), 0);
  }
  ~ServiceManager() { ::close(fd_); }
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  const std::string& name() const { return name_; }

  // The next message; empty if none comes within the time.
  std::string receive(int within_ms = 30'000) const {
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, within_ms) != 1) return {};
    std::array<char, 8192> bytes{};
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

  // The next message that begins with that text; empty if none comes within 30 s of the last.
  std::string receive_one_of(std::string_view begin) const {
    std::string message = receive();
    while (!message.empty() && !message.starts_with(begin)) message = receive();
    return message;
  }

 private:
  std::string name_;
  int fd_;
};

}  // namespace test_support
