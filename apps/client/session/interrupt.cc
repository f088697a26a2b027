// A signal handler reaches static objects only: these three are the program's only globals.
// Covered by tests/client/session/interrupt_test.cc.
#include "apps/client/session/interrupt.h"

#include <array>
#include <signal.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace client {

namespace {

struct Signal {
  int number;
  std::string_view name;
  std::string_view message;
};

constexpr std::array<Signal, 3> handled = {{
    {SIGINT, "SIGINT", "\nquoit: interrupted by SIGINT\n"},
    {SIGTERM, "SIGTERM", "\nquoit: interrupted by SIGTERM\n"},
    {SIGHUP, "SIGHUP", "\nquoit: interrupted by SIGHUP\n"},
}};

volatile sig_atomic_t signal_number = 0;
volatile sig_atomic_t wake_fd = -1;
volatile sig_atomic_t exits_at_once = 0;  // how many ExitsAtOnce exist
volatile sig_atomic_t on_terminal = 0;    // a progress line may be there, which a line feed ends

// Ends the process; of what a signal handler may call.
[[noreturn]] void exit_for(int number) {
  for (const Signal& signal : handled) {
    if (signal.number != number) continue;
    const std::string_view text = signal.message.substr(on_terminal != 0 ? 0 : 1);
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) break;
  }
  ::_exit(128 + number);
}

// The coroutines clean up. Where there is nothing to clean up, or they cannot be notified, the
// process ends here.
void on_signal(int number) {
  const bool again = signal_number != 0;
  signal_number = number;
  if (again || exits_at_once > 0) exit_for(number);
  const char byte = '!';
  if (::send(wake_fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) exit_for(number);
}

}  // namespace

Interrupt::Interrupt() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  receiver_.reset(ends[0]);
  sender_.reset(ends[1]);
  wake_fd = ends[1];
  on_terminal = ::isatty(STDERR_FILENO);
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (std::size_t i = 0; i < handled.size(); ++i) {
    ::sigaction(handled[i].number, nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(handled[i].number, &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  if (wake_fd < 0) return;
  for (std::size_t i = 0; i < handled.size(); ++i) {
    ::sigaction(handled[i].number, &before_[i], nullptr);
  }
  wake_fd = -1;
  signal_number = 0;
}

int Interrupt::number() { return signal_number; }

std::string_view Interrupt::name() {
  for (const Signal& signal : handled) {
    if (signal.number == signal_number) return signal.name;
  }
  return "a signal";
}

Interrupt::ExitsAtOnce::ExitsAtOnce() {
  exits_at_once = exits_at_once + 1;
  // A signal may have come just before, and the loop has not seen it yet.
  if (signal_number != 0) exit_for(signal_number);
}

Interrupt::ExitsAtOnce::~ExitsAtOnce() { exits_at_once = exits_at_once - 1; }

}  // namespace client
