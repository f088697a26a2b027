// AccessLog: one line a request, written by a thread of its own, never awaited by a loop.
//
// Workers append finished lines to one buffer under a short lock; the writer thread takes the whole
// buffer at a time. When the disk or the reader of a pipe is slower than the server, lines are
// dropped at a bound, counted, and the count is written as soon as there is room; and so are lines
// that a full disk or a closed pipe refuses, which standard error is told as well, now and then: a
// log must not stop the service. Everything appended before stop() is written before it returns,
// unless nobody reads for a while. Covered by tests/server/access_log_test.cc.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace server {

enum class LogFormat : std::uint8_t { combined, json };

// What a line says of a request. Views are of the caller's bytes.
struct LogRecord {
  std::string_view remote;  // the peer's address, or "unix"
  std::string_view method;  // empty where the head could not be parsed
  std::string_view target;
  std::string_view protocol;  // "HTTP/1.1"
  std::string_view referer;
  std::string_view user_agent;
  std::int64_t time = 0;         // Unix seconds, when the head was complete
  std::int64_t duration_us = 0;  // from the head's first byte to the response's last
  std::uint64_t bytes = 0;       // of the response's body that were sent
  int status = 0;
  bool aborted = false;  // the response was not sent whole
};

// The time as a format has it; made once a second.
class LogTime {
 public:
  explicit LogTime(LogFormat format) : format_(format) {}
  // A view of this object until the next call.
  std::string_view text(std::int64_t seconds);

 private:
  LogFormat format_;
  std::int64_t seconds_ = INT64_MIN;
  std::size_t size_ = 0;
  std::array<char, 32> text_{};
};

// Appends the line of `record`, with its line feed, to `out`: Apache's combined format or JSON.
// Bytes that could break a line or a terminal are escaped. `time` is of the same format.
void format_record(const LogRecord& record, LogFormat format, LogTime& time, std::string& out);

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
