// The line of a request in the access log: Apache's combined format or JSON. Pure, except that it
// calls gmtime_r(3).
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

// The content of a line. The caller owns the bytes of the views.
struct LogRecord {
  std::string_view remote;  // the peer's address, or "unix"
  std::string_view method;  // empty where the head could not be parsed
  // Where the head could not be parsed: the received request line, see refused_line().
  std::string_view refused_line;
  std::string_view target;
  std::string_view protocol;  // "HTTP/1.1"
  std::string_view referer;
  std::string_view user_agent;
  std::int64_t time = 0;         // Unix seconds, when the head was complete
  std::int64_t duration_us = 0;  // from the head's first byte to the response's last
  std::uint64_t bytes = 0;       // of the response body, as far as it was sent
  int status = 0;
  bool aborted = false;  // the response was not sent completely
};

// The line that begins `received`, bytes that the parser has rejected: without line ends in front
// of it, and not beyond most_refused_bytes. A view of `received`.
inline constexpr std::size_t most_refused_bytes = 200;
std::string_view refused_line(std::string_view received);

// The time as text in a log format; formatted once for each second.
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

// Appends the line of `record`, with its line feed, to `out`. The line of a request that the parser
// has rejected shows LogRecord::refused_line: as the request line in the combined format, as the
// additional member "request_line" in JSON. Bytes that could end a line or
// control a terminal are escaped: as \xhh in the combined format, as \u00hh in JSON. Well-formed
// UTF-8 is written as it is in JSON; the combined format escapes all bytes beyond ASCII. `time` was
// made for `format`.
void format_record(const LogRecord& record, LogFormat format, LogTime& time, std::string& out);

}  // namespace server
