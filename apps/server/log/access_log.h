// AccessLog: one line for each request, written to a file or a pipe by a thread of its own.
//
// Workers append finished lines to a buffer under a short lock, and the writer thread takes the
// whole buffer at a time; no worker waits for the disk. If the disk or the reader of a pipe is
// slower than the server, lines are dropped when the buffer has reached its limit. Lines that a
// full disk or a closed pipe refuses are dropped as well, and reported on standard error. In both
// cases the server goes on, and a line in the log gives the number of dropped lines as soon as it
// can be written. stop() writes everything that was appended before it, unless a pipe is not read
// for two seconds. Covered by tests/server/log/access_log_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <utility>

#include "apps/server/log/log_line.h"
#include "uring/mutex.h"

namespace server {

class AccessLog {
 public:
  // `path` is a file to append to, or "-" for standard output. open() comes before all other calls.
  AccessLog(std::string path, LogFormat format)
      : path_(std::move(path)), format_(std::move(format)), time_(format_) {}
  ~AccessLog() { stop(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Opens the file and starts the writer thread. Returns 0 or an errno. Does not wait: a FIFO that
  // no process reads is ENXIO. If the file ends within a line, the first line begins a new one.
  int open();
  // The two steps of open(), for a process that gives up privileges before its first thread.
  int open_file();
  void start_writer();
  // Gives a file that open_file() has created to a user and its group, so that it can open the file
  // again. An error is ignored: the open descriptor stays usable.
  void give_new_file_to(uid_t user, gid_t group) const;
  // The errno of open() in words, until the next call of strerror(3).
  static std::string open_error(int error);
  // Makes the writer thread open the path again, after the file was renamed. If that fails, a line
  // on standard error says so, and the old file stays in use. Safe on every thread.
  void reopen() EXCLUDES(mutex_);
  // Writes the remaining lines and ends the writer thread. A second call does nothing.
  void stop() EXCLUDES(mutex_);

  // Constant: safe on every thread.
  const LogFormat& format() const { return format_; }

  // Appends the line of a record, or finished lines with their line feeds; drops and counts them if
  // the buffer is full or memory is exhausted. Safe on every thread.
  void append(const LogRecord& record) EXCLUDES(mutex_);
  void append_text(std::string_view lines) EXCLUDES(mutex_);

 private:
  // The next step of the writer thread, after it has written the lines that it took.
  struct NextStep {
    bool reopen = false;
    bool stop = false;
  };

  bool has_space() REQUIRES(mutex_);
  void drop_incomplete(std::size_t complete) REQUIRES(mutex_);
  void run_writer() EXCLUDES(mutex_);
  NextStep take_lines(std::string& lines) EXCLUDES(mutex_);
  bool is_drained() EXCLUDES(mutex_);
  bool is_stopping() EXCLUDES(mutex_);
  bool write_lines(std::string_view lines);
  bool write_all(std::string_view& bytes);
  bool write_losses();
  void count_unwritten(std::string_view lines, int error);
  void report_losses(int error);
  void reopen_file();

  // 4 MiB hold 40,000 lines: enough for a burst.
  static constexpr std::size_t most_pending = 4 * 1024 * 1024;
  // The interval of reports on standard error, since a disk may stay full for hours.
  static constexpr std::int64_t report_interval_us = 10'000'000;
  // The bytes that write(2) to a pipe takes without blocking after poll(2) has reported POLLOUT:
  // PIPE_BUF.
  static constexpr std::size_t most_written_bytes = 4096;

  const std::string path_;
  const LogFormat format_;

  // Used by the writer thread, and by open() and stop() while it does not run.
  int fd_ = -1;
  std::uint64_t dropped_lines_ = 0;    // not yet reported in the log: the buffer was full
  std::uint64_t unwritten_lines_ = 0;  // not yet reported in the log: a write failed
  std::uint64_t all_unwritten_ = 0;    // since the start
  std::int64_t reported_us_ = 0;       // the time of the last report on standard error; 0: none
  bool is_torn_ = false;               // the file ends within a line
  bool is_new_ = false;                // open_file() has created the file

  uring::Mutex mutex_;
  uring::CondVar wake_;  // for the writer thread
  std::string pending_ GUARDED_BY(mutex_);
  LogTime time_ GUARDED_BY(mutex_);
  std::uint64_t dropped_ GUARDED_BY(mutex_) = 0;  // lines since the last take_lines()
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  bool is_reopening_ GUARDED_BY(mutex_) = false;
  std::thread writer_;
};

}  // namespace server
