// Writing and escaping the fields of a line. Covered by tests/server/log/log_line_test.cc.
#include "apps/server/log/log_line.h"

#include <charconv>
#include <cstring>
#include <time.h>

#include "parser/hex.h"

namespace server {

namespace {

// Bytes that are not escaped: printable ASCII except quotes and backslashes.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

// The escapes of both formats differ only in the form of an unprintable byte.
constexpr std::string_view in_combined = "\\x";  // \xhh
constexpr std::string_view in_json = "\\u00";    // \u00hh, byte by byte: valid JSON in any encoding

// Writes to a buffer that is large enough: see most_bytes().
class LineWriter {
 public:
  explicit LineWriter(char* buffer) : at_(buffer) {}
  char* at() const { return at_; }

  void text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void byte(char byte) { *at_++ = byte; }
  void number(std::int64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  void escaped(std::string_view text, std::string_view unprintable) {
    for (const char c : text) {
      if (!plain_bytes[static_cast<unsigned char>(c)]) [[unlikely]]
        escape(c, unprintable);
      else
        *at_++ = c;
    }
  }

 private:
  void escape(char c, std::string_view unprintable) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      byte('\\');
      byte(c);
      return;
    }
    text(unprintable);
    at_ = http1::write_hex_byte(at_, value);
  }

  char* at_;
};

// A bound for the length of a line: the longest escape for each byte of the texts, and the rest of
// the line.
std::size_t most_bytes(const LogRecord& record, LogFormat format) {
  const bool is_json = format == LogFormat::json;
  const std::size_t escape_bytes = is_json ? 6 : 4;
  const std::size_t rest_bytes = is_json ? 384 : 128;
  return rest_bytes +
         escape_bytes * (record.remote.size() + record.method.size() + record.target.size() +
                         record.protocol.size() + record.referer.size() + record.user_agent.size());
}

void append_json(LineWriter& out, std::string_view name, std::string_view text) {
  out.text(",\"");
  out.text(name);
  out.text("\":\"");
  out.escaped(text, in_json);
  out.byte('"');
}

void append_json(LineWriter& out, std::string_view name, std::int64_t number) {
  out.text(",\"");
  out.text(name);
  out.text("\":");
  out.number(number);
}

void append_or_dash(LineWriter& out, std::string_view text) {
  if (text.empty())
    out.byte('-');
  else
    out.escaped(text, in_combined);
}

void format_combined(const LogRecord& record, std::string_view time, LineWriter& out) {
  out.text(record.remote);
  out.text(" - - [");
  out.text(time);
  out.text("] \"");
  if (record.method.empty()) {
    out.byte('-');
  } else {
    out.escaped(record.method, in_combined);
    out.byte(' ');
    out.escaped(record.target, in_combined);
    out.byte(' ');
    out.text(record.protocol);
  }
  out.text("\" ");
  out.number(record.status);
  out.byte(' ');
  out.number(static_cast<std::int64_t>(record.bytes));
  out.text(" \"");
  append_or_dash(out, record.referer);
  out.text("\" \"");
  append_or_dash(out, record.user_agent);
  out.text("\"\n");
}

void format_json(const LogRecord& record, std::string_view time, LineWriter& out) {
  out.text("{\"time\":\"");
  out.text(time);
  out.byte('"');
  append_json(out, "remote", record.remote);
  append_json(out, "method", record.method);
  append_json(out, "target", record.target);
  append_json(out, "protocol", record.protocol);
  append_json(out, "status", record.status);
  append_json(out, "bytes", static_cast<std::int64_t>(record.bytes));
  append_json(out, "duration_us", record.duration_us);
  append_json(out, "referer", record.referer);
  append_json(out, "user_agent", record.user_agent);
  out.text(record.aborted ? ",\"aborted\":true}\n" : ",\"aborted\":false}\n");
}

}  // namespace

std::string_view LogTime::text(std::int64_t seconds) {
  if (seconds != seconds_) {
    const bool is_json = format_ == LogFormat::json;
    const time_t time = seconds;
    tm fields{};
    ::gmtime_r(&time, &fields);
    size_ = ::strftime(text_.data(), text_.size(),
                       is_json ? "%Y-%m-%dT%H:%M:%SZ" : "%d/%b/%Y:%H:%M:%S +0000", &fields);
    seconds_ = seconds;
  }
  return {text_.data(), size_};
}

void format_record(const LogRecord& record, LogFormat format, LogTime& time, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + most_bytes(record, format));
  LineWriter line(out.data() + before);
  if (format == LogFormat::json)
    format_json(record, time.text(record.time), line);
  else
    format_combined(record, time.text(record.time), line);
  out.resize(static_cast<std::size_t>(line.at() - out.data()));
}

}  // namespace server
