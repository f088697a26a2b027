// A signal handler reaches static objects only: these three are the program's only globals.
// Covered by tests/client/session/interrupt_test.cc.
#include "apps/client/session/interrupt.h"

#include <array>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace client {

namespace {

constexpr std::array<int, 3> handled = {SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t signal_number = 0;
volatile sig_atomic_t wake_fd = -1;
volatile sig_atomic_t exits_at_once = 0;  // how many ExitsAtOnce exist

// The coroutines clean up. Where there is nothing to clean up, or they cannot be notified, the
// process ends here.
void on_signal(int number) {
  const bool again = signal_number != 0;
  signal_number = number;
  if (again || exits_at_once > 0) ::_exit(128 + number);
  const char byte = '!';
  if (::send(wake_fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) ::_exit(128 + number);
}

}  // namespace

Interrupt::Interrupt() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  receiver_.reset(ends[0]);
  sender_.reset(ends[1]);
  wake_fd = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (std::size_t i = 0; i < handled.size(); ++i) {
    ::sigaction(handled[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(handled[i], &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  if (wake_fd < 0) return;
  for (std::size_t i = 0; i < handled.size(); ++i) ::sigaction(handled[i], &before_[i], nullptr);
  wake_fd = -1;
  signal_number = 0;
}

int Interrupt::number() { return signal_number; }

Interrupt::ExitsAtOnce::ExitsAtOnce() {
  exits_at_once = exits_at_once + 1;
  // A signal may have come just before, and the loop has not seen it yet.
  if (signal_number != 0) ::_exit(128 + signal_number);
}

Interrupt::ExitsAtOnce::~ExitsAtOnce() { exits_at_once = exits_at_once - 1; }

}  // namespace client
