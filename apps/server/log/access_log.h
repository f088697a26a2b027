// AccessLog: one line a request, written by a thread of its own, never awaited by a loop.
//
// Workers append finished lines to one buffer under a short lock; the writer thread takes the whole
// buffer at a time. When the disk or the reader of a pipe is slower than the server, lines are
// dropped at a bound, counted, and the count is written as soon as there is room; and so are lines
// that a full disk or a closed pipe refuses, which standard error is told as well, now and then: a
// log must not stop the service. Everything appended before stop() is written before it returns,
// unless nobody reads for a while. Covered by tests/server/log/access_log_test.cc.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "apps/server/log/log_line.h"

namespace server {

class AccessLog {
 public:
  // `path` is a file to append to, or "-" for standard output. Call open() before any other.
  AccessLog(std::string path, LogFormat format)
      : path_(std::move(path)), format_(format), time_(format) {}
  ~AccessLog() { stop(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Opens the file and starts the writer. Returns 0 or an errno.
  int open();
  // Makes the writer open its file anew, after it was moved away.
  void reopen();
  // Writes what is left and ends the writer.
  void stop();

  // Each line has the duration of its request.
  bool has_durations() const { return format_ == LogFormat::json; }

  void append(const LogRecord& record);
  void append_text(std::string_view lines);

 private:
  void write_on();
  bool write_lines(std::string_view lines);
  bool write_all(std::string_view& bytes);
  bool note_losses();
  void report_losses(int error);
  void open_again();

  // 4 MiB hold 40,000 lines: a burst, not an outage.
  static constexpr std::size_t most_pending = 4 * 1024 * 1024;

  const std::string path_;
  const LogFormat format_;
  // Lines that could not be written are told of at most so often: a disk stays full for hours.
  static constexpr std::int64_t report_interval_us = 10'000'000;

  int fd_ = -1;                   // the writer's, once it runs, as all up to the lock
  std::uint64_t too_slow_ = 0;    // lines lost that the log has not been told of: no room
  std::uint64_t unwritten_ = 0;   // the same: a write failed
  std::uint64_t lost_ = 0;        // to failing writes, in all
  std::int64_t reported_us_ = 0;  // when standard error was told of them last; 0: never
  bool torn_ = false;             // the last line is there in part
  // Bytes that one write(2) cannot block on once poll(2) said yes: PIPE_BUF.
  static constexpr std::size_t piece = 4096;
  std::mutex lock_;
  std::condition_variable wake_;
  std::string pending_;  // under lock_, as all below
  LogTime time_;
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;
  bool reopening_ = false;
  std::thread writer_;
};

}  // namespace server
