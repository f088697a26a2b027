// The terminal and crypt(3). Covered by tests/client/local/password_test.cc and
// tests/client/run_test.cc.
#include "apps/client/local/password.h"

#include <array>
#include <cerrno>
#include <crypt.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "apps/options/messages.h"
#include "apps/options/user_name.h"
#include "uring/fd.h"
#include "uring/result.h"

namespace client {

namespace {

void wipe(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

ExitReason read_error(int error) {
  if (error == EINTR) return exit_with(ExitCode::interrupted, "interrupted; no line was written");
  return exit_with(ExitCode::read_error,
                   "the password cannot be read: " + uring::error_text(error));
}

// Takes the bytes that `read_byte` reads up to the end of the line, without it. Byte by byte, so
// that bytes behind it stay unread. `read_byte` returns what read(2) returns for one byte.
template <typename ReadByte>
ExitReason read_line(ReadByte read_byte, std::string& line) {
  line.reserve(most_password_bytes + 1);  // no copy of it stays behind in freed memory
  for (char c = 0; line.size() <= most_password_bytes;) {
    const ssize_t got = read_byte(c);
    if (got < 0) return read_error(errno);
    if (got == 0 || c == '\n') break;
    line += c;
  }
  return {};
}

// A terminal that does not show what is typed, until this object is destroyed. A signal that would
// end the program ends a read instead, so that the terminal is restored first. Both signals are
// blocked outside ppoll(2), so that none is lost that comes just before a read waits; one that
// comes after the last read takes its usual effect when the object is destroyed.
class HiddenInput {
 public:
  explicit HiddenInput(int terminal) : terminal_(terminal) {
    sigset_t ending{};
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGINT);
    ::sigaddset(&ending, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &ending, &mask_);
    waiting_mask_ = mask_;
    ::sigdelset(&waiting_mask_, SIGINT);
    ::sigdelset(&waiting_mask_, SIGTERM);
    struct sigaction interrupt {};
    interrupt.sa_handler = [](int) {};
    ::sigaction(SIGINT, &interrupt, &interrupt_);
    ::sigaction(SIGTERM, &interrupt, &terminate_);
    ::tcgetattr(terminal_, &before_);
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal_, TCSAFLUSH, &hidden);
  }
  ~HiddenInput() {
    ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

  // As read(2) of one byte. -1 with errno EINTR: a signal that ends the program has arrived.
  ssize_t read_byte(char& c) const {
    pollfd input{.fd = terminal_, .events = POLLIN, .revents = 0};
    if (::ppoll(&input, 1, nullptr, &waiting_mask_) < 0) return -1;
    return ::read(terminal_, &c, 1);
  }

 private:
  int terminal_;
  termios before_{};
  sigset_t mask_{};
  sigset_t waiting_mask_{};
  struct sigaction interrupt_ {};
  struct sigaction terminate_ {};
};

ExitReason ask_once(int terminal, std::string_view question, std::string& answer) {
  const HiddenInput hidden(terminal);
  ExitReason reason;
  if (::write(terminal, question.data(), question.size()) < 0) reason = read_error(errno);
  if (!reason) reason = read_line([&](char& c) { return hidden.read_byte(c); }, answer);
  [[maybe_unused]] const ssize_t written = ::write(terminal, "\n", 1);
  return reason;
}

ExitReason ask_twice(int terminal, std::string& password) {
  std::string again;
  ExitReason reason = ask_once(terminal, "password: ", password);
  if (!reason) reason = ask_once(terminal, "password again: ", again);
  if (!reason && password != again) {
    reason = exit_with(ExitCode::usage, "the two passwords differ; try again");
  }
  wipe(again);
  return reason;
}

ExitReason check(const std::string& password) {
  if (password.empty()) return exit_with(ExitCode::usage, "the password is empty");
  if (password.size() > most_password_bytes) {
    return exit_with(ExitCode::usage, "the password is longer than 511 bytes");
  }
  for (const char c : password) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f') continue;
    return exit_with(ExitCode::usage, "the password has a control byte, which clients cannot send");
  }
  return {};
}

}  // namespace

ExitReason ask_password(std::string& password) {
  ExitReason reason;
  if (::isatty(STDIN_FILENO) == 0) {
    reason = read_line([](char& c) { return ::read(STDIN_FILENO, &c, 1); }, password);
  } else {
    const uring::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal.valid()) return read_error(errno);
    reason = ask_twice(terminal.get(), password);
  }
  if (!reason) reason = check(password);
  if (reason) wipe(password);
  return reason;
}

ExitReason ask_password_of(const std::string& user, std::string& password) {
  const uring::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.valid()) {
    return exit_with(ExitCode::read_error, "there is no terminal to ask for the password of " +
                                               options::shown(user) +
                                               "; give it by --netrc, or a token by --token-file");
  }
  const std::string question = "password of " + options::shown(user) + ": ";
  ExitReason reason = ask_once(terminal.get(), question, password);
  if (!reason) reason = check(password);
  if (reason) wipe(password);
  return reason;
}

ExitReason make_user_line(std::string_view name, std::string& password) {
  if (!options::is_user_name(name)) {
    wipe(password);
    return exit_with(ExitCode::usage,
                     "this is no name for a user: it has white space, a colon or a control byte, "
                     "more than 255 bytes, or is 'anyone' or 'users'");
  }
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const auto size = static_cast<int>(setting.size());
  const bool is_made = ::crypt_gensalt_rn("$y$", 0, nullptr, 0, setting.data(), size) ||
                       ::crypt_gensalt_rn("$2b$", 12, nullptr, 0, setting.data(), size);
  const auto data = std::make_unique<crypt_data>();
  const char* const hash =
      is_made ? ::crypt_r(password.c_str(), setting.data(), data.get()) : nullptr;
  wipe(password);
  if (!hash || hash[0] == '*') {
    return exit_with(ExitCode::no_engine, "libcrypt cannot hash the password");
  }
  return {.text = std::string(name) + ":" + hash + "\n"};
}

}  // namespace client
