// Looking a host up, and connecting to one of its addresses. Covered by
// tests/client/net/connect_test.cc.
#include "apps/client/net/connect.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>
#include <vector>

#include "apps/client/session/interrupt.h"

namespace client {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// More addresses than this are not tried: with the default timeout they take over two minutes.
constexpr std::size_t max_addresses = 16;

Address unix_address(const std::string& path) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  path.copy(un.sun_path, sizeof un.sun_path - 1);
  Address address;
  address.bytes = sizeof un;
  std::memcpy(&address.storage, &un, sizeof un);
  return address;
}

// Looks the host of `where` up, unless all connections go to a unix socket. The resolver blocks and
// cannot be cancelled; meanwhile there is nothing to clean up, so a signal ends the process.
ExitReason find_addresses(const Settings& settings, const Url& where, std::vector<Address>& found) {
  if (!settings.unix_socket.empty()) {
    found.push_back(unix_address(settings.unix_socket));
    return {};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const std::string port = std::to_string(where.port);
  int error = 0;
  {
    const Interrupt::ExitsAtOnce exits;
    error = ::getaddrinfo(where.host.c_str(), port.c_str(), &hints, &first);
  }
  if (error != 0) {
    return exit_with(ExitCode::cannot_resolve, "cannot find the host " + where.host + ": " +
                                                   ::gai_strerror(error) + "; check the name");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(first, &::freeaddrinfo);
  for (const addrinfo* at = first; at && found.size() < max_addresses; at = at->ai_next) {
    Address address;
    address.bytes = at->ai_addrlen;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    found.push_back(address);
  }
  return {};
}

// A blocking socket: on a non-blocking one the ring completes with EAGAIN instead of waiting.
int open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0 && family != AF_UNIX) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return fd;
}

// Counted from now, and not from the start of this loop iteration: the resolver may have been slow.
void set_connect_deadline(uring::Io& io, std::int64_t timeout_ms) {
  const std::int64_t late_ms = io.engine().now() - io.loop().now();
  if (timeout_ms > 0) io.set_deadline(timeout_ms + late_ms);
}

ExitReason connect_timeout(const std::string& server, std::int64_t timeout_ms) {
  return exit_with(ExitCode::timeout, "cannot connect to " + server + ": no response within " +
                                          std::to_string(timeout_ms / 1000) +
                                          " s; check the address, or raise --connect-timeout");
}

ExitReason connect_failure(const std::string& server, uring::Fault fault) {
  return exit_with(ExitCode::cannot_connect, "cannot connect to " + server + ": " +
                                                 std::string(uring::describe(fault)) +
                                                 "; is the server running there?");
}

}  // namespace

std::string server_for(const Settings& settings, const Url& where) {
  return settings.unix_socket.empty() ? where.server() : settings.unix_socket;
}

uring::Task<ExitCode> connect(Channel& channel, const Url& where) {
  const Settings& settings = channel.session.settings;
  const std::string server = server_for(settings, where);
  if (channel.fd >= 0 && channel.server == server) {
    channel.reused = true;
    co_return ExitCode::ok;
  }
  disconnect(channel);
  std::vector<Address> addresses;
  ExitReason unknown = find_addresses(settings, where, addresses);
  if (unknown) co_return channel.fail(std::move(unknown));

  uring::Io& io = channel.io;
  uring::Fault fault = uring::Fault::unreachable;
  bool late = false;
  for (const Address& address : addresses) {
    const int fd = open_socket(address.storage.ss_family);
    if (fd < 0) {
      fault = uring::fault_of(errno);
      continue;
    }
    set_connect_deadline(io, settings.connect_timeout_ms);
    const uring::Result result = co_await io.connect(fd, address.get(), address.bytes);
    io.clear_deadline();
    if (result.ok() && !channel.session.stopping()) {
      io.renew();
      channel.fd = fd;
      channel.server = server;
      co_return ExitCode::ok;
    }
    io.engine().close(fd);
    if (channel.session.stopping()) co_return channel.fail(cancelled(channel, io));
    late = io.timed_out();
    fault = result.fault();
    io.renew();
  }
  co_return channel.fail(late ? connect_timeout(server, settings.connect_timeout_ms)
                              : connect_failure(server, fault));
}

}  // namespace client
