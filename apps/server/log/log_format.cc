// From text to pieces. Covered by tests/server/log/log_format_test.cc and
// fuzz/log_format_fuzzer.cc.
#include "apps/server/log/log_format.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "apps/server/log/head_log.h"
#include "parser/fields.h"
#include "parser/names.h"

namespace server {

using http1::FieldName;
using Kind = LogPiece::Kind;

namespace {

constexpr std::string_view common_format = "%h %l %u %t \"%r\" %>s %b";
constexpr const char* apache_clock = "%d/%b/%Y:%H:%M:%S +0000";
constexpr const char* json_clock = "%Y-%m-%dT%H:%M:%SZ";

// Letters without braces.
std::optional<Kind> kind_of_letter(char letter) {
  switch (letter) {
    case 'a':
    case 'h': return Kind::client;
    case 'l':
    case 'u': return Kind::user;
    case 'r': return Kind::request_line;
    case 's': return Kind::status;
    case 'b': return Kind::body_or_dash;
    case 'B': return Kind::body_bytes;
    case 'O': return Kind::sent_bytes;
    case 'D': return Kind::microseconds;
    case 'T': return Kind::whole_seconds;
    case 'm': return Kind::method;
    case 'U': return Kind::path;
    case 'q': return Kind::query;
    case 'H': return Kind::protocol;
    case 'X': return Kind::connection;
    default: return std::nullopt;
  }
}

std::optional<Kind> kind_of_unit(std::string_view unit) {
  if (unit == "us") return Kind::microseconds;
  if (unit == "ms") return Kind::milliseconds;
  if (unit == "s") return Kind::whole_seconds;
  return std::nullopt;
}

bool is_printable(char byte) { return (byte >= 0x20 && byte < 0x7f) || byte == '\t'; }

// Whether strftime(3) writes `format` as one line of at most most_clock_bytes at any time: it has
// conversions that the C standard defines, and none that ends a line.
bool is_clock(const std::string& format) {
  constexpr std::string_view conversions = "aAbBcCdDeFgGhHIjmMprRSTuUVwWxXyYzZ%";
  std::size_t longest = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (!is_printable(format[i])) return false;
    ++longest;
    if (format[i] != '%') continue;
    if (++i == format.size() || conversions.find(format[i]) == conversions.npos) return false;
    longest += format[i] == 'c' ? 24U : 11U;  // all others are at most as long as %r
  }
  return longest > 0 && longest < most_clock_bytes;
}

}  // namespace

// Reads a format from its begin to its end.
class FormatReader {
 public:
  FormatReader(std::string_view text, LogFormat& format) : text_(text), format_(format) {}

  // Returns the problem with the text.
  std::string read();

 private:
  std::string read_escape();
  std::string read_letter();
  std::string read_braces(std::string_view argument, char letter);
  std::string add_clock(std::string_view argument);
  std::string add_field(std::string_view name);
  std::string add(Kind kind, std::size_t index = 0);
  void add_byte(char byte);

  // A problem at the byte where the current letter begins.
  std::string at(std::string_view before, std::string_view after) const {
    return std::string(before) + " at byte " + std::to_string(begin_ + 1) + std::string(after);
  }

  std::string_view text_;
  LogFormat& format_;
  std::size_t begin_ = 0;  // of the current letter or byte
  std::size_t next_ = 0;   // the byte to be read next
};

std::string FormatReader::read() {
  format_.text_ = text_;
  if (text_.size() > most_format_bytes) return "is longer than 1024 bytes";
  while (next_ < text_.size()) {
    begin_ = next_++;
    const char byte = text_[begin_];
    std::string problem;
    if (!is_printable(byte)) {
      problem = at("has", " a byte that is not printable ASCII");
    } else if (byte == '\\') {
      problem = read_escape();
    } else if (byte == '%') {
      problem = read_letter();
    } else {
      add_byte(byte);
    }
    if (!problem.empty()) return problem;
  }
  const bool has_letters =
      std::any_of(format_.pieces_.begin(), format_.pieces_.end(),
                  [](const LogPiece& piece) { return piece.kind != Kind::text; });
  return has_letters ? "" : "is none of the formats, and has no letter such as %h";
}

std::string FormatReader::read_escape() {
  const char byte = next_ < text_.size() ? text_[next_] : '\0';
  ++next_;
  switch (byte) {
    case '\\':
    case '"': add_byte(byte); return {};
    case 't': add_byte('\t'); return {};
    default: return at("has", " a backslash, which stands before \\, \" or t only");
  }
}

std::string FormatReader::read_letter() {
  std::string_view argument;
  const bool has_braces = next_ < text_.size() && text_[next_] == '{';
  if (has_braces) {
    const std::size_t end = text_.find('}', next_);
    if (end == std::string_view::npos) return at("has", " a brace that is not closed");
    argument = text_.substr(next_ + 1, end - next_ - 1);
    next_ = end + 1;
  } else if (next_ < text_.size() && text_[next_] == '>') {
    ++next_;  // of requests that were redirected internally, which quoitd never does
    if (next_ == text_.size() || text_[next_] != 's') return at("has", " a '>' without an s");
  }
  if (next_ == text_.size()) return at("ends behind a percent sign", "; write %% for one");
  const char letter = text_[next_++];
  if (has_braces) return read_braces(argument, letter);
  if (letter == '%') {
    add_byte('%');
    return {};
  }
  if (letter == 't') return add_clock({});
  if (const std::optional<Kind> kind = kind_of_letter(letter)) return add(*kind);
  if (!is_printable(letter)) return at("has", " a percent sign without a letter");
  return at("has", std::string(" the letter %") + letter + ", which quoitd does not know");
}

std::string FormatReader::read_braces(std::string_view argument, char letter) {
  switch (letter) {
    case 'i': return add_field(argument);
    case 't': return argument == "sec" ? add(Kind::seconds) : add_clock(argument);
    case 'a':
      if (argument == "c") return add(Kind::peer);
      return at("has", " an address that is not %a or %{c}a");
    case 'T':
      if (const std::optional<Kind> unit = kind_of_unit(argument)) return add(*unit);
      return at("has", " a duration that is not %{us}T, %{ms}T or %{s}T");
    default: return at("has", " braces before a letter that is none of i, t, a and T");
  }
}

// The time of Apache's %t stands in brackets, the others do not.
std::string FormatReader::add_clock(std::string_view argument) {
  std::string clock(argument.empty() ? "[" + std::string(apache_clock) + "]" : argument);
  if (!is_clock(clock)) {
    return at("has", " a time that is no format of strftime(3) for a short line, as %{%F %T}t is");
  }
  format_.clocks_.push_back(std::move(clock));
  return add(Kind::clock, format_.clocks_.size() - 1);
}

std::string FormatReader::add_field(std::string_view name) {
  const FieldName id = http1::field_name_of(name);
  if (!http1::is_token(name)) return at("names", " no request field, as %{Referer}i does");
  if (has_credentials(id)) return at("names", " a field with credentials, which no log may have");
  if (id == FieldName::referer) return add(Kind::referer);
  if (id == FieldName::user_agent) return add(Kind::user_agent);
  if (http1::equal_ignoring_case(name, "X-Request-Id")) return add(Kind::request_id);
  if (format_.fields_.size() == most_format_fields) return at("has", " more than 16 fields");
  format_.fields_.push_back({.name = std::string(name), .id = id});
  return add(Kind::field, format_.fields_.size() - 1);
}

std::string FormatReader::add(Kind kind, std::size_t index) {
  if (format_.pieces_.size() == most_format_pieces) return at("has", " more than 64 pieces");
  format_.has_durations_ = format_.has_durations_ || kind == Kind::microseconds ||
                           kind == Kind::milliseconds || kind == Kind::whole_seconds;
  format_.pieces_.push_back({.kind = kind, .index = static_cast<std::uint8_t>(index), .text = {}});
  return {};
}

void FormatReader::add_byte(char byte) {
  if (format_.pieces_.empty() || format_.pieces_.back().kind != Kind::text) {
    format_.pieces_.emplace_back();
  }
  format_.pieces_.back().text += byte;
}

LogFormat::LogFormat(Style style)
    : style_(style),
      has_durations_(style == json),
      clocks_(style == custom
                  ? std::vector<std::string>{}
                  : std::vector<std::string>{style == json ? json_clock : apache_clock}) {}

bool LogFormat::has(Kind kind) const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [kind](const LogPiece& piece) { return piece.kind == kind; });
}

std::string read_log_format(std::string_view text, LogFormat& format) {
  format = LogFormat(text == "combined" ? LogFormat::combined
                     : text == "json"   ? LogFormat::json
                                        : LogFormat::custom);
  if (format.style() != LogFormat::custom) return {};
  return FormatReader(text == "common" ? common_format : text, format).read();
}

std::string_view unknown_field(const http1::RequestHead& head, std::string_view name) {
  if (!head.has(FieldName::other)) return {};
  for (const http1::Field& line : head.fields(FieldName::other)) {
    if (http1::equal_ignoring_case(line.name, name)) return line.value;
  }
  return {};
}

std::string_view value_of(const http1::RequestHead& head, const LogField& field) {
  return field.id == FieldName::other ? unknown_field(head, field.name) : head.value_of(field.id);
}

}  // namespace server
