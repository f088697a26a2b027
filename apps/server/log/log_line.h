// One line of the access log, as text: Apache's combined format or JSON. Pure but for gmtime_r(3).
//
// Covered by tests/server/log/log_line_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

}  // namespace server
