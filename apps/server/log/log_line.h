// The line of a request in the access log: Apache's combined format, JSON, or the pieces of another
// LogFormat. Pure, except that it calls gmtime_r(3).
//
// Covered by tests/server/log/log_line_test.cc, log_format_test.cc and fuzz/log_format_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/log/log_format.h"

namespace server {

// The content of a line. The caller owns the bytes of the views.
struct LogRecord {
  std::string_view remote;  // the client's address, or "unix"
  std::string_view peer;    // that of the other end of the connection; for %{c}a only
  std::string_view user;    // the verified name of the asker; empty: none
  std::string_view method;  // empty where the head could not be parsed
  // Where the head could not be parsed: the received request line, see refused_line().
  std::string_view refused_line;
  std::string_view target;
  std::string_view protocol;  // "HTTP/1.1"
  std::string_view referer;
  std::string_view user_agent;
  std::string_view request_id;               // empty: requests have no ids
  std::string_view trace_id;                 // of a valid traceparent
  std::string_view parent_id;                // of it
  std::span<const std::string_view> fields;  // the values of LogFormat::fields(), or none
  std::int64_t time = 0;                     // Unix seconds, when the head was complete
  std::int64_t duration_us = 0;              // from the head's first byte to the response's last
  std::uint64_t bytes = 0;                   // of the response body, as far as it was sent
  std::uint64_t sent_bytes = 0;              // of the response with its head, as far as it was sent
  int status = 0;
  bool aborted = false;  // the response was not sent completely
  bool closes = false;   // the connection ends after the response
};

// The line that begins `received`, bytes that the parser has rejected: without line ends in front
// of it, and not beyond most_refused_bytes. A view of `received`.
inline constexpr std::size_t most_refused_bytes = 200;
std::string_view refused_line(std::string_view received);

// The time as text in the formats of LogFormat::clocks(); formatted once for each second.
class LogTime {
 public:
  explicit LogTime(const LogFormat& format)
      : clocks_(format.clocks()), texts_(format.clocks().size()) {}
  // The text of the clock of that index, as a view of this object until the next call.
  std::string_view text(std::int64_t seconds, std::size_t index = 0) {
    if (seconds != seconds_) write_texts(seconds);
    return texts_[index];
  }

 private:
  void write_texts(std::int64_t seconds);

  std::vector<std::string> clocks_;
  std::vector<std::string> texts_;
  std::int64_t seconds_ = INT64_MIN;
};

// Appends the line of `record`, with its line feed, to `out`. The line of a request that the parser
// has rejected shows LogRecord::refused_line: as the request line in the combined format, as the
// additional member "request_line" in JSON. Bytes that could end a line or
// control a terminal are escaped: as \u00hh in JSON, as \xhh in all other formats. Well-formed
// UTF-8 is written as it is in JSON; the other formats escape all bytes beyond ASCII. `time` was
// made for `format`. Throws std::bad_alloc; `out` may then end in an incomplete line.
void format_record(const LogRecord& record, const LogFormat& format, LogTime& time,
                   std::string& out);

}  // namespace server
