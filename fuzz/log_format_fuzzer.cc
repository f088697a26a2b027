// Fuzzes read_log_format and format_record: the input is the text of a format, a line feed, and the
// bytes that a client has sent.
//
// Oracles:
//   - a text is refused with a sentence, or its lines consist of printable ASCII and of the tabs of
//     the format, and end with one line feed
//   - the line of a record is written again byte for byte
//   - JSON and the combined format end with one line feed, too
// Covered by the replay of corpus/log_format in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/log/log_line.h"
#include "fuzz/bytes.h"
#include "fuzz/require.h"
#include "parser/fnv1a.h"

namespace {

using fuzz::require;
using server::LogFormat;
using server::LogRecord;

std::string line_of(const LogRecord& record, const LogFormat& format) {
  server::LogTime time(format);
  std::string line;
  server::format_record(record, format, time, line);
  return line;
}

// A record all of whose texts are `sent`.
LogRecord record_of(std::string_view sent, const std::vector<std::string_view>& fields) {
  LogRecord record{.remote = "192.0.2.1",
                   .peer = "unix",
                   .method = sent.substr(0, sent.size() / 2),
                   .refused_line = sent,
                   .target = sent,
                   .protocol = "HTTP/1.1",
                   .referer = sent,
                   .user_agent = sent,
                   .fields = fields};
  // Any second of the first 136 years.
  record.time = static_cast<std::uint32_t>(http1::Fnv1a().add(sent).value());
  record.duration_us = record.time * 1000;
  record.bytes = UINT64_MAX / 2;
  record.sent_bytes = record.bytes;
  record.status = 200;
  return record;
}

void check_line(const std::string& line, std::string_view format) {
  require(line.ends_with('\n'), "a line ends with a line feed");
  const bool has_tabs = format.find('\t') != format.npos || format.find("\\t") != format.npos;
  for (const char byte : line.substr(0, line.size() - 1)) {
    const bool is_printable = byte >= 0x20 && byte < 0x7f;
    require(is_printable || (has_tabs && byte == '\t'), "a line is printable");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(0, end);
  const std::string_view sent = input.substr(std::min(end + 1, input.size()));
  LogFormat format;
  const std::string problem = server::read_log_format(text, format);
  const std::vector<std::string_view> fields(format.fields().size(), sent);
  const LogRecord record = record_of(sent, fields);
  for (const LogFormat& usual : {LogFormat(LogFormat::combined), LogFormat(LogFormat::json)}) {
    const std::string line = line_of(record, usual);
    require(std::count(line.begin(), line.end(), '\n') == 1 && line.ends_with('\n'),
            "a usual line is one line");
  }
  if (!problem.empty()) return 0;
  if (format.style() == LogFormat::json) return 0;  // may contain UTF-8
  const std::string line = line_of(record, format);
  check_line(line, text);
  require(line == line_of(record, format), "a line is written again");
  return 0;
}
