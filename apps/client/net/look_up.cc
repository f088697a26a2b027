// A thread for each look-up. Covered by tests/client/net/look_up_test.cc.
#include "apps/client/net/look_up.h"

#include <array>
#include <atomic>
#include <memory>
#include <pthread.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "apps/client/net/channel.h"
#include "apps/client/net/resolver.h"
#include "apps/client/screen/progress.h"
#include "apps/client/session/interrupt.h"
#include "uring/fd.h"

namespace client {

namespace {

// One look-up. The thread and the coroutine hold it together.
struct LookUp {
  Resolver resolver;
  std::string host;
  std::uint16_t port = 0;
  Found found = {};                // the thread's, until `done`
  std::atomic<bool> done = false;  // set before the notifier is closed
  uring::Fd notifier = {};         // the thread's end of a socket pair
};

void look_up(LookUp& one) {
  one.found = one.resolver(one.host, one.port);
  one.done.store(true, std::memory_order_release);
  one.notifier.reset();
}

void* run_look_up(void* argument) {
  const std::unique_ptr<std::shared_ptr<LookUp>> mine(
      static_cast<std::shared_ptr<LookUp>*>(argument));
  look_up(**mine);
  return nullptr;
}

// Starts a detached thread, which no signal interrupts. False: the system allows no further thread.
bool start_thread(const std::shared_ptr<LookUp>& one) {
  auto share = std::make_unique<std::shared_ptr<LookUp>>(one);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const bool started = ::pthread_create(&thread, nullptr, run_look_up, share.get()) == 0;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!started) return false;
  static_cast<void>(share.release());
  ::pthread_detach(thread);
  return true;
}

// Starts the look-up and returns the descriptor that ends with it; -1: `one` is done already. Where
// the system allows neither a thread nor descriptors, the look-up blocks, and a signal ends the
// process: there is nothing to clean up yet.
int start_look_up(const std::shared_ptr<LookUp>& one) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0) {
    one->notifier.reset(ends[1]);
    if (start_thread(one)) return ends[0];
    ::close(ends[0]);
  }
  const Interrupt::ExitsAtOnce exits;
  look_up(*one);
  return -1;
}

ExitReason too_late(const std::string& host, std::int64_t timeout_ms) {
  return exit_with(ExitCode::timeout, "cannot find the host " + host + ": no response within " +
                                          format_seconds(timeout_ms) +
                                          "; check the network, or raise --connect-timeout");
}

}  // namespace

uring::Task<ExitCode> find_addresses(Channel& channel, const Url& where,
                                     std::vector<Address>& found) {
  found = read_ip_address(where.host, where.port);
  if (!found.empty()) co_return ExitCode::ok;

  const auto one = std::make_shared<LookUp>();
  one->resolver = channel.resolver;
  one->host = where.host;
  one->port = where.port;
  const int notified = start_look_up(one);
  if (notified >= 0) {
    uring::Io& io = channel.io;
    const std::int64_t timeout_ms = channel.session.settings.connect_timeout_ms;
    std::array<char, 1> byte;
    if (timeout_ms > 0) io.set_deadline(timeout_ms);
    co_await io.recv(notified, byte);
    io.clear_deadline();
    io.engine().close(notified);
    if (channel.session.stopping()) co_return channel.fail(cancelled(channel, io));
    io.renew();
    if (!one->done.load(std::memory_order_acquire)) {
      co_return channel.fail(too_late(where.host, timeout_ms));
    }
  }
  found = std::move(one->found.addresses);
  if (!found.empty()) co_return ExitCode::ok;
  co_return channel.fail(ExitCode::cannot_resolve,
                         "cannot find the host " + where.host + ": " + one->found.problem);
}

}  // namespace client
