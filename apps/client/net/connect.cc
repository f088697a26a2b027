// Connecting to the first address that responds: happy eyeballs, RFC 8305 5. Covered by
// tests/client/net/connect_test.cc.
#include "apps/client/net/connect.h"

#include <cerrno>
#include <deque>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "apps/client/net/addresses.h"
#include "apps/client/net/handshake.h"
#include "apps/client/net/look_up.h"
#include "apps/client/net/tunnel.h"
#include "apps/client/screen/progress.h"

namespace client {

namespace {

// How long an attempt may take before the next address is tried beside it. RFC 8305 8.
constexpr std::int64_t attempt_delay_ms = 250;
// connect() is notified when an attempt ends; it looks by itself after this time.
constexpr std::int64_t long_wait_ms = 60'000;

// The attempts to connect a channel to one host.
struct Race {
  uring::Frames frames() const { return channel.frames(); }

  Channel& channel;
  std::size_t running = 0;  // attempts that have not ended
  int fd = -1;              // of the first attempt that succeeded
  // How the latest attempt failed.
  uring::Fault fault = uring::Fault::unreachable;
  bool timed_out = false;
};

// One attempt, with a deadline of its own.
struct Attempt {
  Attempt(Race& whole, const Address& destination)
      : race(whole), address(destination), io(whole.channel.session.scope) {}

  uring::Frames frames() const { return io.frames(); }

  Race& race;
  const Address& address;
  uring::Io io;
};

// A blocking socket: on a non-blocking one the ring completes with EAGAIN instead of waiting.
int open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0 && family != AF_UNIX) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return fd;
}

// Counted from now, and not from the start of this loop iteration, in which the program may have
// waited for the resolver.
void set_connect_deadline(uring::Io& io, std::int64_t timeout_ms) {
  const std::int64_t late_ms = io.engine().now() - io.loop().now();
  if (timeout_ms > 0) io.set_deadline(timeout_ms + late_ms);
}

// The attempt has ended: keeps its socket if it is the first to succeed, and wakes connect().
void end_attempt(Attempt& attempt, int fd, uring::Result result) {
  Race& race = attempt.race;
  --race.running;
  if (result.ok() && race.fd < 0) {
    race.fd = fd;
  } else if (fd >= 0) {
    attempt.io.engine().close(fd);
  }
  if (!result.ok()) {
    race.fault = result.fault();
    race.timed_out = attempt.io.timed_out();
  }
  race.channel.io.stop();
}

// One attempt, as a task of the scope.
uring::Task<> try_address(Attempt& attempt) {
  uring::Io& io = attempt.io;
  const int fd = open_socket(attempt.address.family());
  if (fd < 0) {
    end_attempt(attempt, fd, {.value = -errno});
    co_return;
  }
  set_connect_deadline(io, attempt.race.channel.session.settings.connect_timeout_ms);
  const uring::Result result =
      co_await io.connect(fd, attempt.address.get(), attempt.address.bytes);
  io.clear_deadline();
  end_attempt(attempt, fd, result);
}

// Stops the attempts that still run, and waits for their ends.
uring::Task<> end_race(Race& race, std::deque<Attempt>& attempts) {
  uring::Io& io = race.channel.io;
  for (Attempt& attempt : attempts) attempt.io.stop();
  while (race.running > 0) {
    io.renew();
    co_await io.sleep(long_wait_ms);
  }
  if (race.channel.session.stopping())
    io.stop();
  else
    io.renew();
}

// Tries the addresses, each as soon as the attempt before it has failed or has taken 250 ms, until
// one attempt succeeds; the socket is in race.fd.
uring::Task<> run_race(Race& race, const std::vector<Address>& addresses) {
  const Session& session = race.channel.session;
  uring::Io& io = race.channel.io;
  std::deque<Attempt> attempts;
  while (race.fd < 0 && !session.stopping()) {
    if (attempts.size() == addresses.size() && race.running == 0) break;
    if (attempts.size() < addresses.size()) {
      ++race.running;
      session.scope.spawn(try_address(attempts.emplace_back(race, addresses[attempts.size()])));
    }
    const bool more = attempts.size() < addresses.size();
    co_await io.sleep(more ? attempt_delay_ms : long_wait_ms);
    if (!session.stopping()) io.renew();
  }
  co_await end_race(race, attempts);
}

ExitReason connect_timeout(const std::string& server, std::int64_t timeout_ms) {
  return exit_with(ExitCode::timeout, "cannot connect to " + server + ": no response within " +
                                          format_seconds(timeout_ms) +
                                          "; check the address, or raise --connect-timeout");
}

ExitReason connect_failure(const std::string& server, uring::Fault fault) {
  return exit_with(ExitCode::cannot_connect, "cannot connect to " + server + ": " +
                                                 std::string(uring::describe(fault)) +
                                                 "; is the server running there?");
}

// Makes the new connection one to the server of an https:// URL.
uring::Task<ExitCode> begin_secure(Channel& channel, const Url& where, const Url* proxy) {
  if (proxy) {
    const ExitCode opened = co_await open_tunnel(channel, where, *proxy);
    if (opened != ExitCode::ok) co_return opened;
  }
  const ExitCode begun = co_await begin_tls(channel, where);
  co_return begun;
}

}  // namespace

std::string server_for(const Settings& settings, const Url& where) {
  if (!settings.unix_socket.empty()) return settings.unix_socket;
  const Url* const proxy = proxy_for(settings.proxies, where);
  if (!proxy) return where.server();
  return where.is_secure ? where.server() + " by the proxy " + proxy->server() : proxy->server();
}

uring::Task<ExitCode> connect(Channel& channel, const Url& where) {
  const Settings& settings = channel.session.settings;
  const std::string server = server_for(settings, where);
  const bool is_secure = channel.secure != nullptr;
  if (channel.fd >= 0 && channel.server == server && is_secure == where.is_secure) {
    channel.reused = true;
    co_return ExitCode::ok;
  }
  disconnect(channel);
  const Url* const proxy = proxy_for(settings.proxies, where);
  std::vector<Address> addresses;
  if (settings.unix_socket.empty()) {
    const Url& host = proxy ? *proxy : where;
    const ExitCode found = co_await find_addresses(channel, host, addresses);
    if (found != ExitCode::ok) co_return found;
    addresses = in_order_of_attempts(addresses);
  } else {
    addresses.push_back(unix_address(settings.unix_socket));
  }
  Race race{.channel = channel};
  co_await run_race(race, addresses);
  if (channel.session.stopping()) {
    if (race.fd >= 0) channel.io.engine().close(race.fd);
    co_return channel.fail(cancelled(channel, channel.io));
  }
  if (race.fd >= 0) {
    channel.fd = race.fd;
    channel.server = server;
    if (!where.is_secure) co_return ExitCode::ok;
    const ExitCode begun = co_await begin_secure(channel, where, proxy);
    if (begun != ExitCode::ok) disconnect(channel);
    co_return begun;
  }
  co_return channel.fail(race.timed_out ? connect_timeout(server, settings.connect_timeout_ms)
                                        : connect_failure(server, race.fault));
}

}  // namespace client
