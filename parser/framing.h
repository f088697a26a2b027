// Framing: where a body ends, and whether the connection persists. This is the defence against
// request smuggling.
//
// Two parties that disagree on the end of a message read different messages after it. Therefore all
// decisions about it are in this module. It receives the framing fields one at a time, and rejects
// each at the end of its line if it is malformed, repeated or contradictory, so that the accepted
// fields have one meaning. RFC 9112 6.1 to 6.3 and 9.3; RFC 9110 8.6.
// Covered by tests/parser/framing_test.cc and tests/parser/cases/framing.txt, response.txt.
#pragma once

#include <cstdint>
#include <string_view>

#include "parser/error.h"
#include "parser/names.h"

namespace http1 {

enum class BodyKind : std::uint8_t {
  none,         // the next byte after the head belongs to the next message
  length,       // exactly Body::length bytes; never 0
  chunked,      // read by ChunkedDecoder
  until_close,  // responses only: ends with the connection; truncation cannot be noticed
};

struct Body {
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;  // bytes; for kind length only
};

// The framing fields of one head.
class Framing {
 public:
  // Processes the value of one field line. For names without influence on the framing it returns
  // none.
  [[nodiscard]] Error take(FieldName name, std::string_view value, Version version) noexcept;

  // Decides a request's body; the error is length_and_coding or none. RFC 9112 6.3.
  [[nodiscard]] Error check() const noexcept;
  [[nodiscard]] Body body_of_request() const noexcept;
  // A response to HEAD, a 1xx, 204 or 304, and a 2xx to CONNECT have no body, regardless of their
  // fields.
  [[nodiscard]] Body body_of_response(int status, Method request_method) const noexcept;

  // Returns whether the connection may carry another message after this one. RFC 9112 9.3.
  [[nodiscard]] bool keeps_alive(Version version, Body body) const noexcept;

  [[nodiscard]] bool has_content_length() const noexcept { return has_length_; }
  // The value of Content-Length, 0 without one; in a response to HEAD the length GET would have.
  [[nodiscard]] std::uint64_t content_length() const noexcept { return length_; }
  // Connection named close, or keep-alive.
  [[nodiscard]] bool says_close() const noexcept { return close_; }
  [[nodiscard]] bool says_keep_alive() const noexcept { return keep_alive_; }

 private:
  friend class HeadJudge;
  [[nodiscard]] Error take_length(std::string_view value) noexcept;
  [[nodiscard]] Error take_coding(std::string_view value, Version version) noexcept;
  [[nodiscard]] Error take_connection(std::string_view value) noexcept;

  std::uint64_t length_ = 0;
  bool has_length_ = false;
  bool has_coding_ = false;  // Transfer-Encoding: chunked, the only coding there is
  bool close_ = false;
  bool keep_alive_ = false;
};

inline Error Framing::check() const noexcept {
  return has_length_ && has_coding_ ? Error::length_and_coding : Error::none;
}

// RFC 9112 6.3, rules 4, 6 and 7; rule 3 was refused by check(). The method does not matter (6).
inline Body Framing::body_of_request() const noexcept {
  if (has_coding_) return {BodyKind::chunked, 0};
  if (length_ != 0) return {BodyKind::length, length_};
  return {BodyKind::none, 0};
}

// RFC 9112 6.3, rules 1, 2, 4, 6 and 8.
inline Body Framing::body_of_response(int status, Method request_method) const noexcept {
  const bool never =
      request_method == Method::head || status < 200 || status == 204 || status == 304;
  const bool tunnel = request_method == Method::connect && status >= 200 && status < 300;
  if (never || tunnel) return {BodyKind::none, 0};
  if (has_coding_) return {BodyKind::chunked, 0};
  if (!has_length_) return {BodyKind::until_close, 0};
  if (length_ != 0) return {BodyKind::length, length_};
  return {BodyKind::none, 0};
}

// RFC 9112 9.3: close overrides all; otherwise HTTP/1.1 persists, and HTTP/1.0 with keep-alive.
inline bool Framing::keeps_alive(Version version, Body body) const noexcept {
  if (close_ || body.kind == BodyKind::until_close) return false;
  return version == Version::http_1_1 || keep_alive_;
}

}  // namespace http1
