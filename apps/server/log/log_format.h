// LogFormat: the format of the lines of the access log, compiled once from the text of
// --log-format.
//
// The formats combined and json have functions of their own in log_line.cc. Any other format, in
// the letters of Apache's LogFormat, is a list of pieces, so that no text is parsed for a line.
// Pure. Covered by tests/server/log/log_format_test.cc and fuzz/log_format_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/message.h"

namespace server {

// A part of each line. The comments give the letters.
struct LogPiece {
  enum class Kind : std::uint8_t {
    text,           // anything between letters
    none,           // %l: a dash, because quoitd does not ask for that name
    user,           // %u: the verified name of the asker
    client,         // %h %a: the client's address, which a trusted proxy may have announced
    peer,           // %{c}a: the address at the other end of the connection
    clock,          // %t %{...}t: the time when the head was complete
    seconds,        // %{sec}t: in Unix seconds
    request_line,   // %r
    method,         // %m
    path,           // %U: the target without its query
    query,          // %q: with its question mark, or nothing
    protocol,       // %H
    status,         // %s %>s
    body_bytes,     // %B: of the response body, as far as it was sent
    body_or_dash,   // %b: a dash in place of 0
    sent_bytes,     // %O: of the response with its head, as far as it was sent
    microseconds,   // %D %{us}T: the duration of the request
    milliseconds,   // %{ms}T
    whole_seconds,  // %T %{s}T
    referer,        // %{Referer}i
    user_agent,     // %{User-agent}i
    field,          // %{...}i: any other request field
    request_id,     // %{X-Request-Id}i
    connection,     // %X: X where the response was cut off, + if the connection stays open, else -
  };

  Kind kind = Kind::text;
  std::uint8_t index = 0;  // clock: of LogFormat::clocks(); field: of LogFormat::fields()
  std::string text;        // of Kind::text
};

// A request field that each line contains.
struct LogField {
  std::string name;
  http1::FieldName id;  // other: it is found by its name
};

// The value of a field whose name the parser does not know, in any case; empty where it is not
// there.
std::string_view unknown_field(const http1::RequestHead& head, std::string_view name);
// The value of the field in `head`; empty where it is not there.
std::string_view value_of(const http1::RequestHead& head, const LogField& field);

class LogFormat {
 public:
  enum Style : std::uint8_t { combined, json, custom };

  // combined or json.
  LogFormat(Style style = combined);  // NOLINT(google-explicit-constructor)

  Style style() const { return style_; }
  // The pieces of a custom format.
  const std::vector<LogPiece>& pieces() const { return pieces_; }
  // The formats of times, for strftime(3).
  const std::vector<std::string>& clocks() const { return clocks_; }
  // The request fields that are neither Referer nor User-Agent nor X-Request-Id.
  const std::vector<LogField>& fields() const { return fields_; }

  // Whether lines contain the duration of the request, the address of the peer, the request id.
  bool has_durations() const { return has_durations_; }
  bool has_peer() const { return has(LogPiece::Kind::peer); }
  bool has_request_id() const { return has(LogPiece::Kind::request_id); }

  bool operator==(const LogFormat& other) const {
    return style_ == other.style_ && text_ == other.text_;
  }

 private:
  friend class FormatReader;
  bool has(LogPiece::Kind kind) const;

  Style style_;
  bool has_durations_;
  std::string text_;  // of a custom format, as it was read
  std::vector<LogPiece> pieces_;
  std::vector<std::string> clocks_;
  std::vector<LogField> fields_;
};

// Reads "combined", "common", "json" or a text with letters. Returns the problem with `text`, as
// the predicate of a sentence, which gives the position in bytes; empty if there is none, and
// `format` is set. The limits are far above any line that people read.
inline constexpr std::size_t most_format_bytes = 1024;
inline constexpr std::size_t most_format_pieces = 64;
inline constexpr std::size_t most_format_fields = 16;
inline constexpr std::size_t most_clock_bytes = 128;  // of a written time
[[nodiscard]] std::string read_log_format(std::string_view text, LogFormat& format);

}  // namespace server
