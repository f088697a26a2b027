// Writing and escaping the fields of a line. Covered by tests/server/log/log_line_test.cc,
// log_format_test.cc and fuzz/log_format_fuzzer.cc.
#include "apps/server/log/log_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <time.h>

#include "parser/hex.h"
#include "parser/utf8.h"

namespace server {

namespace {

// Bytes that are not escaped: printable ASCII except quotes and backslashes.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

// Writes to a buffer that is large enough: see most_bytes().
class LineWriter {
 public:
  explicit LineWriter(char* buffer) : at_(buffer) {}
  char* at() const { return at_; }

  void text(std::string_view text) {
    at_ += text.copy(at_, text.size());  // memcpy(3) takes no null pointer of an empty text
  }
  void byte(char byte) { *at_++ = byte; }
  void number(std::int64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  // Text of the combined format, with Apache's escapes: \xhh for an unprintable byte.
  void combined_text(std::string_view text) {
    for (const char c : text) {
      if (!plain_bytes[static_cast<unsigned char>(c)]) [[unlikely]]
        escape(c, "\\x");
      else
        *at_++ = c;
    }
  }
  // The content of a JSON string (RFC 8259 7).
  void json_text(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      if (!plain_bytes[static_cast<unsigned char>(text[i])]) [[unlikely]]
        i += json_character(text.substr(i));
      else
        *at_++ = text[i++];
    }
  }

 private:
  void escape(char c, std::string_view unprintable) {
    if (c == '"' || c == '\\') {
      byte('\\');
      byte(c);
      return;
    }
    text(unprintable);
    at_ = http1::write_hex_byte(at_, static_cast<unsigned char>(c));
  }

  // Writes the character at the front of `rest` and returns its length. Well-formed UTF-8 passes
  // through, except for characters that control a terminal (U+0080 to U+009F) or end a line (U+2028
  // and U+2029), which become their JSON escapes. An ill-formed byte becomes \u00hh.
  std::size_t json_character(std::string_view rest) {
    const std::size_t length = http1::utf8_length(rest);
    const std::string_view character = rest.substr(0, length);
    if (length < 2) {
      escape(rest[0], "\\u00");
      return 1;
    }
    const auto last = static_cast<unsigned char>(character.back());
    if (character[0] == '\xc2' && last < 0xa0) {
      escape(character.back(), "\\u00");
    } else if (character == "\u2028" || character == "\u2029") {
      text("\\u20");
      at_ = http1::write_hex_byte(at_, last & 0x3f);
    } else {
      text(character);
    }
    return length;
  }

  char* at_;
};

// A bound for the length of a line of the two usual formats: the longest escape for each byte of
// the texts, and the rest of the line.
std::size_t most_bytes(const LogRecord& record, bool is_json) {
  const std::size_t escape_bytes = is_json ? 6 : 4;
  const std::size_t rest_bytes = is_json ? 384 : 128;
  return rest_bytes +
         escape_bytes *
             (record.remote.size() + record.user.size() + record.method.size() +
              record.refused_line.size() + record.target.size() + record.protocol.size() +
              record.referer.size() + record.user_agent.size() + record.request_id.size() +
              record.trace_id.size() + record.parent_id.size());
}

void append_json(LineWriter& out, std::string_view name, std::string_view text) {
  out.text(",\"");
  out.text(name);
  out.text("\":\"");
  out.json_text(text);
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
    out.combined_text(text);
}

void append_request_line(LineWriter& out, const LogRecord& record) {
  if (record.method.empty()) return append_or_dash(out, record.refused_line);
  out.combined_text(record.method);
  out.byte(' ');
  out.combined_text(record.target);
  out.byte(' ');
  out.text(record.protocol);
}

void format_combined(const LogRecord& record, std::string_view time, LineWriter& out) {
  out.text(record.remote);
  out.text(" - ");
  append_or_dash(out, record.user);
  out.text(" [");
  out.text(time);
  out.text("] \"");
  append_request_line(out, record);
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
  if (!record.user.empty()) append_json(out, "user", record.user);
  append_json(out, "method", record.method);
  append_json(out, "target", record.target);
  append_json(out, "protocol", record.protocol);
  if (!record.refused_line.empty()) append_json(out, "request_line", record.refused_line);
  append_json(out, "status", record.status);
  append_json(out, "bytes", static_cast<std::int64_t>(record.bytes));
  append_json(out, "duration_us", record.duration_us);
  append_json(out, "referer", record.referer);
  append_json(out, "user_agent", record.user_agent);
  if (!record.request_id.empty()) append_json(out, "request_id", record.request_id);
  if (!record.trace_id.empty()) append_json(out, "trace_id", record.trace_id);
  if (!record.parent_id.empty()) append_json(out, "parent_id", record.parent_id);
  out.text(record.aborted ? ",\"aborted\":true}\n" : ",\"aborted\":false}\n");
}

// --- Custom formats ---

// The text of `record` that a piece consists of; empty for a piece of another kind.
std::string_view text_of(const LogPiece& piece, const LogRecord& record) {
  const std::size_t path_bytes = std::min(record.target.find('?'), record.target.size());
  switch (piece.kind) {
    case LogPiece::Kind::client: return record.remote;
    case LogPiece::Kind::peer: return record.peer;
    case LogPiece::Kind::user: return record.user;
    case LogPiece::Kind::method: return record.method;
    case LogPiece::Kind::path: return record.target.substr(0, path_bytes);
    case LogPiece::Kind::query: return record.target.substr(path_bytes);
    case LogPiece::Kind::protocol: return record.protocol;
    case LogPiece::Kind::referer: return record.referer;
    case LogPiece::Kind::user_agent: return record.user_agent;
    case LogPiece::Kind::request_id: return record.request_id;
    case LogPiece::Kind::field:
      return piece.index < record.fields.size() ? record.fields[piece.index] : std::string_view();
    default: return {};
  }
}

// A bound for the length of a piece.
std::size_t most_piece_bytes(const LogPiece& piece, const LogRecord& record) {
  constexpr std::size_t escape_bytes = 4;
  const std::size_t rest_bytes = piece.text.size() + most_clock_bytes;
  if (piece.kind != LogPiece::Kind::request_line) {
    return rest_bytes + escape_bytes * text_of(piece, record).size();
  }
  return rest_bytes + record.protocol.size() +
         escape_bytes * (record.method.size() + record.target.size() + record.refused_line.size());
}

char connection_status(const LogRecord& record) {
  if (record.aborted) return 'X';
  return record.closes ? '-' : '+';
}

void append_piece(LineWriter& out, const LogPiece& piece, const LogRecord& record, LogTime& time) {
  const auto number = [&out](auto value) { out.number(static_cast<std::int64_t>(value)); };
  switch (piece.kind) {
    case LogPiece::Kind::text: return out.text(piece.text);
    case LogPiece::Kind::none: return out.byte('-');
    case LogPiece::Kind::clock: return out.text(time.text(record.time, piece.index));
    case LogPiece::Kind::seconds: return number(record.time);
    case LogPiece::Kind::request_line: return append_request_line(out, record);
    case LogPiece::Kind::query: return out.combined_text(text_of(piece, record));
    case LogPiece::Kind::status: return number(record.status);
    case LogPiece::Kind::body_bytes: return number(record.bytes);
    case LogPiece::Kind::body_or_dash:
      return record.bytes == 0 ? out.byte('-') : number(record.bytes);
    case LogPiece::Kind::sent_bytes: return number(record.sent_bytes);
    case LogPiece::Kind::microseconds: return number(record.duration_us);
    case LogPiece::Kind::milliseconds: return number(record.duration_us / 1000);
    case LogPiece::Kind::whole_seconds: return number(record.duration_us / 1'000'000);
    case LogPiece::Kind::connection: return out.byte(connection_status(record));
    default: return append_or_dash(out, text_of(piece, record));
  }
}

// Not inlined, so that the two usual formats need no stack frame for it.
[[gnu::noinline]] void format_custom(const LogRecord& record, const LogFormat& format,
                                     LogTime& time, std::string& out) {
  std::size_t most_bytes = 1;
  for (const LogPiece& piece : format.pieces()) most_bytes += most_piece_bytes(piece, record);
  const std::size_t before = out.size();
  out.resize(before + most_bytes);
  LineWriter line(out.data() + before);
  for (const LogPiece& piece : format.pieces()) append_piece(line, piece, record, time);
  line.byte('\n');
  out.resize(static_cast<std::size_t>(line.at() - out.data()));
}

}  // namespace

std::string_view refused_line(std::string_view received) {
  const std::size_t begin = std::min(received.find_first_not_of("\r\n"), received.size());
  const std::string_view line = received.substr(begin, most_refused_bytes);
  return line.substr(0, line.find_first_of("\r\n"));
}

// Formats that is_clock() accepts fit into the buffer.
void LogTime::write_texts(std::int64_t seconds) {
  const time_t time = seconds;
  tm fields{};
  ::gmtime_r(&time, &fields);
  for (std::size_t i = 0; i < clocks_.size(); ++i) {
    std::array<char, most_clock_bytes> text{};
    texts_[i].assign(text.data(),
                     ::strftime(text.data(), text.size(), clocks_[i].c_str(), &fields));
  }
  seconds_ = seconds;
}

void format_record(const LogRecord& record, const LogFormat& format, LogTime& time,
                   std::string& out) {
  if (format.style() == LogFormat::custom) return format_custom(record, format, time, out);
  const bool is_json = format.style() == LogFormat::json;
  const std::size_t before = out.size();
  out.resize(before + most_bytes(record, is_json));
  LineWriter line(out.data() + before);
  if (is_json)
    format_json(record, time.text(record.time), line);
  else
    format_combined(record, time.text(record.time), line);
  out.resize(static_cast<std::size_t>(line.at() - out.data()));
}

}  // namespace server
