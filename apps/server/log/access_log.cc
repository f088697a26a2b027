// The buffer and the writer thread. Covered by tests/server/log/access_log_test.cc.
#include "apps/server/log/access_log.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "apps/server/log/message.h"
#include "uring/monotonic.h"
#include "uring/result.h"

namespace server {

namespace {

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Appends a line that reports lines missing at this place of the log.
void append_loss(std::string& out, std::uint64_t lines, const char* reason,
                 const LogFormat& format) {
  const std::string count = std::to_string(lines);
  if (format.style() == LogFormat::json)
    out += "{\"lost\":" + count + ",\"reason\":\"" + reason + "\"}\n";
  else
    out += "# " + count + " lines lost: " + reason + "\n";
}

// Opens a log for appending, and creates it if `flags` has O_CREAT; -1 with errno. O_NONBLOCK,
// because open(2) of a FIFO waits for a reader otherwise: without a reader it fails with ENXIO.
// Writes do not block either: see write_all().
int open_log(const std::string& path, int flags) {
  flags |= O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  return ::open(path.c_str(), flags, 0644);
}

// The record without the members that only some formats need.
LogRecord common_part(const LogRecord& record) {
  LogRecord common = record;
  common.peer = "-";
  common.fields = {};
  return common;
}

// Whether a log ends within a line: a server has stopped while the disk was full.
bool ends_within_line(const std::string& path) {
  const uring::Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return false;
  char last = '\n';
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return false;
  return ::pread(file.get(), &last, 1, status.st_size - 1) == 1 && last != '\n';
}

bool is_one_file(int one, int other) {
  struct stat first {};
  struct stat second {};
  return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace

int LogFile::open() {
  time.emplace(*format);
  if (path == "-") return 0;
  file.reset(open_log(path, 0));
  if (!file.valid() && errno == ENOENT) {
    file.reset(open_log(path, O_CREAT));
    is_new = true;
  }
  if (!file.valid()) return errno;
  is_torn = ends_within_line(path);
  return 0;
}

void LogFile::give_new_to(uid_t user, gid_t group) const {
  if (!is_new) return;
  [[maybe_unused]] const int result = ::fchown(fd(), user, group);
}

int LogFile::fd() const { return path == "-" ? STDOUT_FILENO : file.get(); }

int AccessLog::open() {
  const int error = file_.open();
  if (error == 0) start();
  return error;
}

void AccessLog::start() {
  if (writer_.joinable()) return;
  // The new thread inherits the mask, so that signals are delivered to the main thread only.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    writer_ = std::thread([this] { run_writer(); });
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::string AccessLog::open_error(int error) {
  return error == ENXIO ? "no process reads from it" : uring::error_text(error);
}

void AccessLog::reopen() {
  const uring::MutexLock lock(mutex_);
  is_reopening_ = true;
  wake_.notify_one();
}

// After a change that the writer thread has not made yet, the lines between the two changes go to
// the newer file.
void AccessLog::change(LogFile next) noexcept {
  const uring::MutexLock lock(mutex_);
  if (!change_) old_bytes_ = pending_.size();
  format_ = next.format;
  std::swap(time_, *next.time);
  change_ = std::move(next);
  wake_.notify_one();
}

void AccessLog::stop() {
  if (!writer_.joinable()) return;
  {
    const uring::MutexLock lock(mutex_);
    is_stopping_ = true;
    wake_.notify_one();
  }
  writer_.join();
  file_.file.reset();
}

// --- The buffer ---

// Counts a dropped line where there is no space, and wakes the writer thread for the first line.
bool AccessLog::has_space() {
  if (pending_.size() > most_pending) {
    ++dropped_;
    count_lost(1);
    return false;
  }
  if (pending_.empty()) wake_.notify_one();
  return true;
}

// Removes an incomplete line for which there was no memory.
void AccessLog::drop_incomplete(std::size_t complete) {
  pending_.resize(complete);
  ++dropped_;
  count_lost(1);
}

void AccessLog::append(const LogRecord& record, const LogFormat* made_for) {
  const uring::MutexLock lock(mutex_);
  if (!has_space()) return;
  const std::size_t before = pending_.size();
  try {
    const bool is_usual = !made_for || made_for == format_.get() || *made_for == *format_;
    format_record(is_usual ? record : common_part(record), *format_, time_, pending_);
  } catch (const std::bad_alloc&) {
    drop_incomplete(before);
  }
}

void AccessLog::append_text(std::string_view lines) {
  const uring::MutexLock lock(mutex_);
  if (!has_space()) return;
  const std::size_t before = pending_.size();
  try {
    pending_ += lines;
  } catch (const std::bad_alloc&) {
    drop_incomplete(before);
  }
}

// Waits for lines, and then for more lines to write together with them, unless reopen() or stop()
// is called meanwhile. After a failure it waits for the time of the next attempt at most.
AccessLog::NextStep AccessLog::take_lines(std::string& lines) {
  // Long enough that a busy server wakes the writer thread rarely, short enough for a person who
  // watches the log.
  constexpr uring::Milliseconds gathering_ms = 50;
  lines.clear();
  const uring::MutexLock lock(mutex_);
  const uring::Milliseconds retry_ms = uring::monotonic_ms() + retry_interval_ms;
  while (!is_urgent() && pending_.empty()) {
    if (!is_failing())
      wake_.wait(mutex_);
    else if (!wake_.wait_until(mutex_, retry_ms))
      break;
  }
  const uring::Milliseconds end_ms = uring::monotonic_ms() + gathering_ms;
  while (!is_urgent() && wake_.wait_until(mutex_, end_ms)) continue;
  lines.swap(pending_);
  dropped_lines_ += std::exchange(dropped_, 0);
  NextStep next{.old_bytes = change_ ? old_bytes_ : lines.size(),
                .reopen = std::exchange(is_reopening_, false),
                .stop = is_stopping_};
  next.change.swap(change_);
  return next;
}

bool AccessLog::is_drained() {
  const uring::MutexLock lock(mutex_);
  return pending_.empty();
}

// Whether the writer thread has more to do than to write lines.
bool AccessLog::is_urgent() const { return is_stopping_ || is_reopening_ || change_; }

// Whether stop() or change() has come, so that the writer thread must not wait for long.
bool AccessLog::is_awaited() {
  const uring::MutexLock lock(mutex_);
  return is_stopping_ || change_;
}

// --- The writer thread ---

void AccessLog::run_writer() {
  std::string lines;
  for (;;) {
    NextStep next = take_lines(lines);
    const std::string_view taken = lines;
    is_leaving_ = next.change.has_value();
    bool is_written = write(taken.substr(0, next.old_bytes));
    is_leaving_ = false;
    if (next.change) {
      // As in reopen_file().
      if (is_one_file(file_.fd(), next.change->fd())) next.change->is_torn = file_.is_torn;
      file_ = *std::move(next.change);
      is_written = write(taken.substr(next.old_bytes));
    }
    is_failing_.store(!is_written, std::memory_order_relaxed);
    if (next.reopen) reopen_file();
    if (next.stop && (!is_written || is_drained())) return;
  }
}

// Writes whole lines and a report of the lines that are missing behind them. False: not all of it
// could be written.
bool AccessLog::write(std::string_view lines) {
  try {
    return write_lines(lines) && write_losses();
  } catch (const std::bad_alloc&) {
    return false;  // the reports need memory: the counts stay for the next attempt
  }
}

// Writes whole lines, after the end of a torn line and a report of the lines that are missing
// before them. False: some could not be written, and are counted.
bool AccessLog::write_lines(std::string_view lines) {
  if (lines.empty()) return true;
  const bool is_reported = (!file_.is_torn && unwritten_lines_ == 0) || write_losses();
  if (is_reported && write_all(lines)) return true;
  count_unwritten(lines, errno);
  return false;
}

// Reports in the log itself how many lines are missing. False, with errno: it cannot be written
// now.
bool AccessLog::write_losses() {
  std::string text = file_.is_torn ? "\n" : "";
  if (unwritten_lines_ > 0)
    append_loss(text, unwritten_lines_, "could not be written", *file_.format);
  if (dropped_lines_ > 0) append_loss(text, dropped_lines_, "log too slow", *file_.format);
  std::string_view bytes = text;
  if (!write_all(bytes)) return false;
  unwritten_lines_ = dropped_lines_ = 0;
  return true;
}

void AccessLog::count_unwritten(std::string_view lines, int error) {
  unwritten_lines_ += count_lines(lines);
  all_unwritten_ += count_lines(lines);
  count_lost(count_lines(lines));
  report_losses(error);
}

void AccessLog::report_losses(int error) {
  const std::int64_t now_us = uring::monotonic_us();
  if (reported_us_ != 0 && now_us - reported_us_ < report_interval_us) return;
  reported_us_ = now_us;
  print_message(Severity::error, "cannot write the log %s: %s; %llu lines are lost so far",
                file_.path.c_str(), uring::error_text(error).c_str(),
                static_cast<unsigned long long>(all_unwritten_));
}

// Removes the written bytes from the front of `bytes`. False, with errno: the rest cannot be
// written; after stop() or change() a pipe that is not read for two seconds is a failure too.
bool AccessLog::write_all(std::string_view& bytes) {
  constexpr int timeout_ms = 2000;
  while (!bytes.empty()) {
    pollfd ready{.fd = file_.fd(), .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, timeout_ms) == 0) {
      if (!is_leaving_ && !is_awaited()) continue;
      errno = ETIMEDOUT;
      return false;
    }
    const ssize_t count =
        ::write(file_.fd(), bytes.data(), std::min(bytes.size(), most_written_bytes));
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count <= 0) continue;
    file_.is_torn = bytes[static_cast<std::size_t>(count) - 1] != '\n';
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void AccessLog::reopen_file() {
  const std::string& path = file_.path;
  if (path == "-") return;
  const int fd = open_log(path, O_CREAT);
  if (fd < 0) {
    print_message(Severity::error, "cannot reopen the log %s: %s; logging goes on to the old file",
                  path.c_str(), open_error(errno).c_str());
    return;
  }
  // A sandbox may keep the file from being read, so that the state of one that stays is kept.
  const bool is_torn = is_one_file(file_.fd(), fd) ? file_.is_torn : ends_within_line(path);
  file_.file.reset(fd);
  file_.is_torn = is_torn;
}

}  // namespace server
