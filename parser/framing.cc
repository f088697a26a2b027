// The rules of framing; see framing.h.
//
// This file is stricter than RFC 9112: repeated or listed Content-Length values are refused even
// when they agree (6.3 allows to collapse them); Transfer-Encoding may have one line only, without
// empty list elements; together with Content-Length it is refused (6.3 allows it to override the
// length); and a response with any other coding than chunked is refused at once instead of being
// read to its end without use.
// Covered by tests/parser/framing_test.cc and tests/parser/cases/framing.txt, response.txt.
#include "parser/framing.h"

#include "parser/fields.h"

namespace http1 {
Error Framing::take(FieldName name, std::string_view value, Version version) noexcept {
  switch (name) {
    case FieldName::content_length: return take_length(value);
    case FieldName::transfer_encoding: return take_coding(value, version);
    case FieldName::connection: return take_connection(value);
    default: return Error::none;
  }
}

// Content-Length = 1*DIGIT (RFC 9110 8.6); a recipient must guard against overflow.
Error Framing::take_length(std::string_view value) noexcept {
  if (has_length_) return Error::content_length_repeated;
  if (value.empty()) return Error::content_length_invalid;
  for (const char byte : value) {
    if (byte < '0' || byte > '9') return Error::content_length_invalid;
  }
  const std::optional<std::uint64_t> length = parse_decimal(value);
  if (!length) return Error::content_length_too_large;
  length_ = *length;
  has_length_ = true;
  return Error::none;
}

// Transfer-Encoding = #transfer-coding, RFC 9112 6.1: chunked once, and last. Commas are taken to
// separate even inside quotes: such a value is refused one way or the other.
Error Framing::take_coding(std::string_view value, Version version) noexcept {
  if (version == Version::http_1_0) return Error::coding_in_http_1_0;
  if (has_coding_) return Error::coding_repeated;
  bool others = false;
  for (;;) {
    const std::size_t comma = value.find(',');
    const std::string_view coding = trim(value.substr(0, comma));
    const bool is_chunked = equal_ignoring_case(coding, "chunked");
    const bool is_last = comma == std::string_view::npos;
    if (is_chunked != is_last) return Error::coding_invalid;
    if (is_last) break;
    if (!is_token(trim(coding.substr(0, coding.find(';'))))) return Error::coding_invalid;
    others = true;
    value.remove_prefix(comma + 1);
  }
  if (others) return Error::coding_unsupported;
  has_coding_ = true;
  return Error::none;
}

// Connection = #connection-option, a token each; any number of lines (RFC 9110 7.6.1).
Error Framing::take_connection(std::string_view value) noexcept {
  ListReader list(value);
  for (std::string_view option; list.next(option);) {
    if (!is_token(option)) return Error::connection_invalid;
    close_ = close_ || equal_ignoring_case(option, "close");
    keep_alive_ = keep_alive_ || equal_ignoring_case(option, "keep-alive");
  }
  return Error::none;
}

}  // namespace http1
