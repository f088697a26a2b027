// The socket and the messages. Covered by tests/server/process/notify_test.cc and
// tests/end_to_end/notify_test.cc.
#include "apps/server/process/notify.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/options/whole_number.h"
#include "uring/monotonic.h"

namespace server {

namespace {

// The value of an environment variable, which is removed, so that no other process inherits it.
// There is one thread yet.
std::string take_variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  std::string text = value ? value : "";
  ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text;
}

// A socket that is connected to `name`; invalid if that is not possible.
uring::Fd connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_abstract = name.starts_with('@');
  if ((!is_abstract && !name.starts_with('/')) || name.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, name.data(), name.size());
  if (is_abstract) address.sun_path[0] = '\0';
  const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1);
  uring::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return {};
  // The queue of a service manager that is busy may be full. READY=1 is worth a short wait, and no
  // message is worth a long one.
  constexpr timeval longest{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  const auto* const at = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), at, static_cast<socklen_t>(size)) != 0) return {};
  return socket;
}

// The text of a message. It is composed without allocating memory, so that a lack of memory keeps
// no message from the service manager. More than its size is cut off.
class Text {
 public:
  Text& add(std::string_view part) {
    size_ += part.copy(bytes_.data() + size_, bytes_.size() - size_);
    return *this;
  }
  Text& add_number(std::int64_t number) {
    std::array<char, 24> digits;
    const std::to_chars_result end = std::to_chars(digits.begin(), digits.end(), number);
    return add({digits.data(), end.ptr});
  }
  // Adds `part` as the value of one line.
  Text& add_value(std::string_view part) {
    const std::size_t begin = size_;
    add(part);
    for (char& byte : std::span(bytes_).subspan(begin, size_ - begin)) {
      if (static_cast<unsigned char>(byte) < 0x20 || byte == '\x7f') byte = '?';
    }
    return *this;
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 4096> bytes_;
  std::size_t size_ = 0;
};

// 0: the text is no number.
std::uint64_t number_of(const std::string& text) {
  return options::whole_number<std::uint64_t>(text).value_or(0);
}

}  // namespace

Notifier::Notifier() {
  const std::string name = take_variable("NOTIFY_SOCKET");
  if (!name.empty()) socket_ = connect_to(name);
}

void Notifier::send(std::string_view message) const {
  [[maybe_unused]] const ssize_t sent =
      ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
}

void Notifier::ready(std::string_view status) const {
  if (socket_.valid()) send(Text().add("READY=1\nSTATUS=").add_value(status).text());
}

void Notifier::reloading() const {
  if (!socket_.valid()) return;
  send(Text().add("RELOADING=1\nMONOTONIC_USEC=").add_number(uring::monotonic_us()).text());
}

void Notifier::stopping(std::string_view status, std::int64_t most_ms) const {
  if (!socket_.valid()) return;
  constexpr std::int64_t margin_us = 2'000'000;  // for the end of the process behind the last one
  Text text;
  text.add("STOPPING=1\nSTATUS=").add_value(status);
  send(text.add("\nEXTEND_TIMEOUT_USEC=").add_number(most_ms * 1000 + margin_us).text());
}

void Notifier::status(std::string_view text) const {
  if (socket_.valid()) send(Text().add("STATUS=").add_value(text).text());
}

void Notifier::main_process(pid_t pid) const {
  if (!socket_.valid()) return;
  send(Text().add("MAINPID=").add_number(pid).add("\nWATCHDOG_USEC=0").text());
}

void Notifier::alive() const {
  if (socket_.valid()) send("WATCHDOG=1");
}

std::int64_t take_watchdog_interval() {
  constexpr std::uint64_t longest_us = 86'400'000'000;  // a day: more is no interval
  const std::string pid = take_variable("WATCHDOG_PID");
  const std::uint64_t interval_us = number_of(take_variable("WATCHDOG_USEC"));
  const bool is_ours = pid.empty() || number_of(pid) == static_cast<std::uint64_t>(::getpid());
  return is_ours && interval_us <= longest_us ? static_cast<std::int64_t>(interval_us) : 0;
}

}  // namespace server
