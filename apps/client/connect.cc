// Names to addresses, addresses to a connection. Covered by tests/client/program_test.cc.
#include "apps/client/connect.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

#include "apps/client/interrupt.h"

namespace client {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// More addresses than this are not tried: with the default time limit that is over two minutes.
constexpr std::size_t most_addresses = 16;

Address unix_address(const std::string& path) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  path.copy(un.sun_path, sizeof un.sun_path - 1);
  Address address;
  address.bytes = sizeof un;
  std::memcpy(&address.storage, &un, sizeof un);
  return address;
}

// The resolver waits by itself and cannot be asked to stop; nothing needs tidying meanwhile.
ExitCode find_addresses(Session& s, const Location& where, std::vector<Address>& found) {
  if (!s.settings.unix_socket.empty()) {
    found.push_back(unix_address(s.settings.unix_socket));
    return ExitCode::ok;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const std::string port = std::to_string(where.port);
  int error = 0;
  {
    const Interrupt::Helpless helpless;
    error = ::getaddrinfo(where.host.c_str(), port.c_str(), &hints, &first);
  }
  if (error != 0) {
    return s.fail(ExitCode::cannot_resolve, "cannot find the host " + where.host + ": " +
                                                ::gai_strerror(error) + "; check the name");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(first, &::freeaddrinfo);
  for (const addrinfo* at = first; at && found.size() < most_addresses; at = at->ai_next) {
    Address address;
    address.bytes = at->ai_addrlen;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    found.push_back(address);
  }
  return ExitCode::ok;
}

// A blocking socket: on a non-blocking one the ring answers EAGAIN instead of waiting.
int open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0 && family != AF_UNIX) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return fd;
}

// From now on, and not from the start of this turn of the loop: the resolver may have been slow.
void set_connect_deadline(Session& s) {
  const std::int64_t late_ms = s.io.engine().now() - s.now();
  if (s.settings.connect_timeout_ms > 0) {
    s.io.set_deadline(s.settings.connect_timeout_ms + late_ms);
  }
}

ExitCode fail_connecting(Session& s, const std::string& server, uring::Fault fault, bool late) {
  const std::string what = "cannot connect to " + server + ": ";
  if (late) {
    return s.fail(ExitCode::timeout, what + "no answer within " +
                                         std::to_string(s.settings.connect_timeout_ms / 1000) +
                                         " s; check the address, or raise --connect-timeout");
  }
  return s.fail(ExitCode::cannot_connect,
                what + std::string(uring::describe(fault)) + "; is the server running there?");
}

}  // namespace

std::string server_for(const Settings& settings, const Location& where) {
  return settings.unix_socket.empty() ? where.server() : settings.unix_socket;
}

uring::Task<ExitCode> connect(Session& s, const Location& where) {
  const std::string server = server_for(s.settings, where);
  if (s.connection.fd >= 0 && s.connection.server == server) {
    s.connection.reused = true;
    co_return ExitCode::ok;
  }
  disconnect(s);
  std::vector<Address> addresses;
  const ExitCode found = find_addresses(s, where, addresses);
  if (found != ExitCode::ok) co_return found;

  uring::Fault fault = uring::Fault::unreachable;
  bool late = false;
  for (const Address& address : addresses) {
    const int fd = open_socket(address.storage.ss_family);
    if (fd < 0) {
      fault = uring::fault_of(errno);
      continue;
    }
    set_connect_deadline(s);
    const uring::Result result = co_await s.io.connect(fd, address.get(), address.bytes);
    s.io.clear_deadline();
    if (result.ok() && !s.stopping()) {
      s.io.renew();
      s.connection.fd = fd;
      s.connection.server = server;
      co_return ExitCode::ok;
    }
    s.io.engine().close(fd);
    if (s.stopping()) co_return s.fail_cancelled(s.io);
    late = s.io.timed_out();
    fault = result.fault();
    s.io.renew();
  }
  co_return fail_connecting(s, server, fault, late);
}

}  // namespace client
