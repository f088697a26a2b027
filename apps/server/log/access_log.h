// AccessLog: one line for each request, written to a file or a pipe by a thread of its own.
//
// Workers append finished lines to a buffer under a short lock, and the writer thread takes the
// whole buffer at a time; no worker waits for the disk. If the disk or the reader of a pipe is
// slower than the server, lines are dropped when the buffer has reached its limit. Lines that a
// full disk or a closed pipe refuses are dropped as well, and reported on standard error. In both
// cases the server goes on, and a line in the log gives the number of dropped lines as soon as it
// can be written. stop() writes everything that was appended before it, unless a pipe is not read
// for two seconds. A running log can change to another file or format (change()): each line gets
// the format, and goes to the file, that hold when it is appended. Covered by
// tests/server/log/access_log_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <utility>

#include "apps/server/log/log_line.h"
#include "uring/fd.h"
#include "uring/mutex.h"

namespace server {

// A file that is open for a log.
struct LogFile {
  std::string path;                         // "-": standard output
  std::shared_ptr<const LogFormat> format;  // never null
  uring::Fd file = {};                      // invalid for standard output
  bool is_torn = false;                     // it ends within a line
  bool is_new = false;                      // open() has created it
  std::optional<LogTime> time = {};         // for the lines; set by open()

  // Opens `path` for appending. Returns 0 or an errno. Does not wait: a FIFO that no process reads
  // is ENXIO.
  int open();
  int fd() const;
  // Gives a file that open() has created to a user and its group, so that it can open the file
  // again. An error is ignored: the open descriptor stays usable.
  void give_new_to(uid_t user, gid_t group) const;
};

class AccessLog {
 public:
  // `path` is a file to append to, or "-" for standard output. open() or start() comes before all
  // other calls, except for stop().
  AccessLog(std::string path, LogFormat format)
      : file_{.path = std::move(path),
              .format = std::make_shared<const LogFormat>(std::move(format))},
        format_(file_.format),
        time_(*format_) {}
  ~AccessLog() { stop(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Opens the file and starts the writer thread. Returns 0 or an errno, as LogFile::open(). If the
  // file ends within a line, the first line begins a new one.
  int open();
  // Starts the writer thread, if it does not run, without a file: change() has to come before the
  // first line. Throws std::system_error if there can be no thread.
  void start();
  // The errno of open() in words, until the next call of strerror(3).
  static std::string open_error(int error);
  // Makes the writer thread open the path again, after the file was renamed. If that fails, a line
  // on standard error says so, and the old file stays in use. Safe on every thread.
  void reopen() EXCLUDES(mutex_);
  // Lets `next`, which is open, take the place of the file and the format. Lines that were appended
  // before are written to the old file; if a pipe is not read for two seconds meanwhile, they are
  // counted as lost. Does not wait, and allocates nothing. Safe on every thread.
  void change(LogFile next) noexcept EXCLUDES(mutex_);
  // Writes the remaining lines and ends the writer thread. A second call does nothing.
  void stop() EXCLUDES(mutex_);

  // Appends the line of a record, or finished lines with their line feeds; drops and counts them if
  // the buffer is full or memory is exhausted. Safe on every thread.
  // Of a record that was made for a format other than that of the log, only the members are used
  // that all records have. Null: it was made for the format of the log.
  void append(const LogRecord& record, const LogFormat* made_for = nullptr) EXCLUDES(mutex_);
  void append_text(std::string_view lines) EXCLUDES(mutex_);

  // Whether the last write has failed. Safe on every thread.
  bool is_failing() const { return is_failing_.load(std::memory_order_relaxed); }
  // The number of lines since open() that the log does not contain. It never decreases. Safe on
  // every thread.
  std::uint64_t lost_lines() const { return lost_lines_.load(std::memory_order_relaxed); }

 private:
  // The next step of the writer thread, after it has written the lines that it took.
  struct NextStep {
    std::optional<LogFile> change = {};  // the file of all lines from `old_bytes` on
    std::size_t old_bytes = 0;           // of the lines for the file before; else all
    bool reopen = false;
    bool stop = false;
  };

  bool has_space() REQUIRES(mutex_);
  void drop_incomplete(std::size_t complete) REQUIRES(mutex_);
  void run_writer() EXCLUDES(mutex_);
  NextStep take_lines(std::string& lines) EXCLUDES(mutex_);
  bool is_drained() EXCLUDES(mutex_);
  bool is_urgent() const REQUIRES(mutex_);
  bool is_awaited() EXCLUDES(mutex_);
  bool write(std::string_view lines);
  bool write_lines(std::string_view lines);
  bool write_all(std::string_view& bytes);
  bool write_losses();
  void count_unwritten(std::string_view lines, int error);
  void report_losses(int error);
  void reopen_file();
  void count_lost(std::uint64_t lines) { lost_lines_.fetch_add(lines, std::memory_order_relaxed); }

  // 4 MiB hold 40,000 lines: enough for a burst.
  static constexpr std::size_t most_pending = 4 * 1024 * 1024;
  // The interval of reports on standard error, since a disk may stay full for hours.
  static constexpr std::int64_t report_interval_us = 10'000'000;
  // The bytes that write(2) to a pipe takes without blocking after poll(2) has reported POLLOUT:
  // PIPE_BUF.
  static constexpr std::size_t most_written_bytes = 4096;
  // How often the report of losses is tried again after a failure.
  static constexpr std::int64_t retry_interval_ms = 1000;

  std::atomic<bool> is_failing_ = false;  // set by the writer thread
  std::atomic<std::uint64_t> lost_lines_ = 0;

  // Used by the writer thread, and by open() and stop() while it does not run.
  LogFile file_;
  bool is_leaving_ = false;            // it writes the last lines of file_ before a change
  std::uint64_t dropped_lines_ = 0;    // not yet reported in the log: the buffer was full
  std::uint64_t unwritten_lines_ = 0;  // not yet reported in the log: a write failed
  std::uint64_t all_unwritten_ = 0;    // since the start
  std::int64_t reported_us_ = 0;       // the time of the last report on standard error; 0: none

  uring::Mutex mutex_;
  uring::CondVar wake_;  // for the writer thread
  std::string pending_ GUARDED_BY(mutex_);
  std::shared_ptr<const LogFormat> format_ GUARDED_BY(mutex_);  // of the lines that are appended
  LogTime time_ GUARDED_BY(mutex_);
  std::optional<LogFile> change_ GUARDED_BY(mutex_);  // see NextStep
  std::size_t old_bytes_ GUARDED_BY(mutex_) = 0;      // of pending_, for the file before change_
  std::uint64_t dropped_ GUARDED_BY(mutex_) = 0;      // lines since the last take_lines()
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  bool is_reopening_ GUARDED_BY(mutex_) = false;
  std::thread writer_;
};

}  // namespace server
