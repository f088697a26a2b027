// Formats, and the writer thread. Covered by tests/server/access_log_test.cc.
#include "apps/server/access_log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "apps/server/clock.h"

namespace server {

namespace {

// Bytes that stand for themselves in a line: what is printable, but quotes and backslashes.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

// Apache's escapes and JSON's differ only in how an unprintable byte is written.
constexpr std::string_view in_combined = "\\x";  // \xhh
constexpr std::string_view in_json = "\\u00";    // \u00hh, byte by byte: valid JSON in any encoding

// Writes into room that is known to be large enough.
class LineWriter {
 public:
  explicit LineWriter(char* room) : at_(room) {}
  char* at() const { return at_; }

  void text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void byte(char byte) { *at_++ = byte; }
  void number(std::int64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  void escaped(std::string_view text, std::string_view unprintable) {
    for (const char c : text) {
      if (!plain_bytes[static_cast<unsigned char>(c)]) [[unlikely]]
        escape(c, unprintable);
      else
        *at_++ = c;
    }
  }

 private:
  void escape(char c, std::string_view unprintable) {
    constexpr const char* digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      byte('\\');
      byte(c);
      return;
    }
    text(unprintable);
    byte(digits[value >> 4]);
    byte(digits[value & 15]);
  }

  char* at_;
};

// The most that a line takes: so much for an unprintable byte, and what is around the texts.
std::size_t most_bytes(const LogRecord& record, LogFormat format) {
  const bool is_json = format == LogFormat::json;
  const std::size_t a_byte = is_json ? 6 : 4;
  const std::size_t around = is_json ? 384 : 128;
  return around +
         a_byte * (record.remote.size() + record.method.size() + record.target.size() +
                   record.protocol.size() + record.referer.size() + record.user_agent.size());
}

void append_json(LineWriter& out, std::string_view name, std::string_view text) {
  out.text(",\"");
  out.text(name);
  out.text("\":\"");
  out.escaped(text, in_json);
  out.byte('"');
}

void append_json(LineWriter& out, std::string_view name, std::int64_t number) {
  out.text(",\"");
  out.text(name);
  out.text("\":");
  out.number(number);
}

void append_or_dash(LineWriter& out, std::string_view text) {
  if (text.empty())
    out.byte('-');
  else
    out.escaped(text, in_combined);
}

void format_combined(const LogRecord& record, std::string_view time, LineWriter& out) {
  out.text(record.remote);
  out.text(" - - [");
  out.text(time);
  out.text("] \"");
  if (record.method.empty()) {
    out.byte('-');
  } else {
    out.escaped(record.method, in_combined);
    out.byte(' ');
    out.escaped(record.target, in_combined);
    out.byte(' ');
    out.text(record.protocol);
  }
  out.text("\" ");
  out.number(record.status);
  out.byte(' ');
  out.number(static_cast<std::int64_t>(record.bytes));
  out.text(" \"");
  append_or_dash(out, record.referer);
  out.text("\" \"");
  append_or_dash(out, record.user_agent);
  out.text("\"\n");
}

void format_json(const LogRecord& record, std::string_view time, LineWriter& out) {
  out.text("{\"time\":\"");
  out.text(time);
  out.byte('"');
  append_json(out, "remote", record.remote);
  append_json(out, "method", record.method);
  append_json(out, "target", record.target);
  append_json(out, "protocol", record.protocol);
  append_json(out, "status", record.status);
  append_json(out, "bytes", static_cast<std::int64_t>(record.bytes));
  append_json(out, "duration_us", record.duration_us);
  append_json(out, "referer", record.referer);
  append_json(out, "user_agent", record.user_agent);
  out.text(record.aborted ? ",\"aborted\":true}\n" : ",\"aborted\":false}\n");
}

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// A line of the log about lines that are missing there.
void append_loss(std::string& out, std::uint64_t lines, const char* why, LogFormat format) {
  const std::string count = std::to_string(lines);
  if (format == LogFormat::json)
    out += "{\"lost\":" + count + ",\"reason\":\"" + why + "\"}\n";
  else
    out += "# " + count + " lines lost: " + why + "\n";
}

}  // namespace

std::string_view LogTime::text(std::int64_t seconds) {
  if (seconds != seconds_) {
    const bool is_json = format_ == LogFormat::json;
    const time_t time = seconds;
    tm fields{};
    ::gmtime_r(&time, &fields);
    size_ = ::strftime(text_.data(), text_.size(),
                       is_json ? "%Y-%m-%dT%H:%M:%SZ" : "%d/%b/%Y:%H:%M:%S +0000", &fields);
    seconds_ = seconds;
  }
  return {text_.data(), size_};
}

void format_record(const LogRecord& record, LogFormat format, LogTime& time, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + most_bytes(record, format));
  LineWriter line(out.data() + before);
  if (format == LogFormat::json)
    format_json(record, time.text(record.time), line);
  else
    format_combined(record, time.text(record.time), line);
  out.resize(static_cast<std::size_t>(line.at() - out.data()));
}

int AccessLog::open() {
  fd_ = path_ == "-" ? STDOUT_FILENO
                     : ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) return errno;
  // Signals are the main thread's affair.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  writer_ = std::thread([this] { write_on(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return 0;
}

void AccessLog::reopen() {
  const std::lock_guard guard(lock_);
  reopening_ = true;
  wake_.notify_one();
}

void AccessLog::stop() {
  if (!writer_.joinable()) return;
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
    wake_.notify_one();
  }
  writer_.join();
  if (fd_ != STDOUT_FILENO) ::close(fd_);
}

void AccessLog::append(const LogRecord& record) {
  const std::lock_guard guard(lock_);
  if (pending_.size() > most_pending) {
    ++dropped_;
    return;
  }
  if (pending_.empty()) wake_.notify_one();
  format_record(record, format_, time_, pending_);
}

void AccessLog::append_text(std::string_view lines) {
  const std::lock_guard guard(lock_);
  if (pending_.size() > most_pending) {
    ++dropped_;
    return;
  }
  if (pending_.empty()) wake_.notify_one();
  pending_ += lines;
}

void AccessLog::write_on() {
  // Long enough that a busy server wakes this thread rarely, short enough for a person watching.
  constexpr auto gathering = std::chrono::milliseconds(50);
  std::string lines;
  std::unique_lock guard(lock_);
  for (;;) {
    wake_.wait(guard, [this] { return stopping_ || reopening_ || !pending_.empty(); });
    if (!stopping_) wake_.wait_for(guard, gathering, [this] { return stopping_ || reopening_; });
    lines.clear();
    lines.swap(pending_);
    too_slow_ += std::exchange(dropped_, 0);
    const bool reopening = std::exchange(reopening_, false);
    const bool last = stopping_;
    guard.unlock();
    const bool written = write_lines(lines) && note_losses();
    if (reopening) open_again();
    guard.lock();
    if (last && (pending_.empty() || !written)) return;
  }
}

// Writes whole lines; those that do not go are counted.
bool AccessLog::write_lines(std::string_view lines) {
  if (lines.empty()) return true;
  if (unwritten_ > 0 && !note_losses()) {
    unwritten_ += count_lines(lines);
    lost_ += count_lines(lines);
    report_losses(errno);
    return false;
  }
  if (write_all(lines)) return true;
  const int error = errno;
  unwritten_ += count_lines(lines);
  lost_ += count_lines(lines);
  report_losses(error);
  return false;
}

// Says in the log itself what is missing there. False: it cannot be written now.
bool AccessLog::note_losses() {
  std::string note = torn_ ? "\n" : "";
  if (unwritten_ > 0) append_loss(note, unwritten_, "could not be written", format_);
  if (too_slow_ > 0) append_loss(note, too_slow_, "log too slow", format_);
  std::string_view bytes = note;
  if (!write_all(bytes)) return false;
  unwritten_ = too_slow_ = 0;
  return true;
}

void AccessLog::report_losses(int error) {
  const std::int64_t now_us = Clock::microseconds();
  if (reported_us_ != 0 && now_us - reported_us_ < report_interval_us) return;
  reported_us_ = now_us;
  std::fprintf(stderr, "quoitd: cannot write the log %s: %s; %llu lines are lost so far\n",
               path_.c_str(), std::strerror(error), static_cast<unsigned long long>(lost_));
}

// Takes off what was written. False, with errno: the rest cannot be. A reader that takes nothing
// for two seconds after stop is not waited for any longer.
bool AccessLog::write_all(std::string_view& bytes) {
  while (!bytes.empty()) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 2000) == 0) {
      const std::lock_guard guard(lock_);
      errno = ETIMEDOUT;
      if (stopping_) return false;
      continue;
    }
    const ssize_t count = ::write(fd_, bytes.data(), std::min(bytes.size(), piece));
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count <= 0) continue;
    torn_ = bytes[static_cast<std::size_t>(count) - 1] != '\n';
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void AccessLog::open_again() {
  if (path_ == "-") return;
  const int fd = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    std::fprintf(stderr, "quoitd: cannot reopen %s; logging goes on to the old file\n",
                 path_.c_str());
    return;
  }
  ::close(fd_);
  fd_ = fd;
}

}  // namespace server
