// The writer thread. Covered by tests/server/log/access_log_test.cc.
#include "apps/server/log/access_log.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include <utility>

#include "uring/monotonic.h"

namespace server {

namespace {

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
  const std::int64_t now_us = uring::monotonic_us();
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
