// The meaning of a head's fields for the parser: Host, framing, expectation. Not installed.
//
// Both readers of a head use it, the automaton over bytes (parse.cc) and the reader of whole lines
// (lines.h), so that the result does not depend on how the bytes arrived.
// Covered by tests/parser/cases/host.txt, framing.txt and response.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/bytes.h"
#include "parser/error.h"
#include "parser/message.h"

namespace http1 {

class HeadJudge {
 public:
  // The names whose values mean something to the parser; all others are the caller's.
  static constexpr std::uint64_t response_names = Head::bit(FieldName::connection) |
                                                  Head::bit(FieldName::content_length) |
                                                  Head::bit(FieldName::transfer_encoding);
  static constexpr std::uint64_t request_names =
      response_names | Head::bit(FieldName::host) | Head::bit(FieldName::expect);

  // Judges a field that was just entered in the head.
  [[nodiscard]] static Error field(RequestHead& head, FieldName name,
                                   std::string_view value) noexcept;
  [[nodiscard]] static Error field(ResponseHead& head, FieldName name,
                                   std::string_view value) noexcept;

  // Judges the fields of `names` from number `first` on, which were just entered. False, without an
  // effect, if one of them may be invalid: which error the head has depends on the order of its
  // lines, so they have to be judged one by one.
  [[nodiscard]] static bool fields(RequestHead& head, std::uint64_t names,
                                   std::size_t first) noexcept;
  [[nodiscard]] static bool fields(ResponseHead& head, std::uint64_t names,
                                   std::size_t first) noexcept;

  // Processes Connection and Content-Length, if they are in `names` and have one line each, in
  // their usual forms: keep-alive or close, and one to eight digits. False, without an effect, for
  // any other form. Reads up to ten bytes in front of the values, which the field names provide.
  [[nodiscard]] static bool usual_fields(Head& head, std::uint64_t names) noexcept;

  // Judges the whole head, and determines the body and the persistence of the connection.
  [[nodiscard]] static Error head(RequestHead& head) noexcept;
  [[nodiscard]] static Error head(ResponseHead& head, Method request_method) noexcept;

 private:
  template <class AnyHead>
  static bool take_each(AnyHead& head, std::uint64_t names) noexcept;
  template <class AnyHead>
  static bool take_all(AnyHead& head, std::uint64_t names, std::size_t first) noexcept;
  static bool usual_length(std::string_view value, std::uint64_t& length) noexcept;
  static Error host(const RequestHead& head, std::string_view value) noexcept;
  static void take_expectation(RequestHead& head, std::string_view value) noexcept;
};

// Without branches on the presence and the value of Connection, which no branch predictor can know.
// Folding by one bit is exact, since the control bytes that would fold to a hyphen are in no value.
[[gnu::always_inline]] inline bool HeadJudge::usual_fields(Head& head,
                                                           std::uint64_t names) noexcept {
  constexpr std::uint64_t lower_case = 0x2020202020202020;
  constexpr std::string_view nothing = "          keep-alive";
  Framing& framing = head.framing_;
  const bool has_connection = (names & Head::bit(FieldName::connection)) != 0;
  const std::size_t field =
      has_connection ? head.first_[Head::index(FieldName::connection)] : std::size_t{0};
  const Head::Span& span = head.spans_[field].value;
  const char* const end =
      has_connection ? head.bytes_ + span.begin + span.size : nothing.data() + nothing.size();
  const std::uint64_t last = load<std::uint64_t>(end - 8) | lower_case;
  const std::uint64_t first = load<std::uint64_t>(end - 10) | lower_case;
  const std::uint64_t other_size = has_connection ? span.size ^ std::uint64_t{10} : 0;
  const bool is_keep_alive =
      ((last ^ word_of("ep-alive", 8)) | (first ^ word_of("keep-ali", 8)) | other_size) == 0;
  const bool is_close = ((last >> 24 ^ word_of("close", 5)) | (span.size ^ std::uint64_t{5})) == 0;
  if (!is_keep_alive && !is_close) return false;

  if ((names & Head::bit(FieldName::content_length)) != 0) {
    if (!usual_length(head.value_at(head.first_[Head::index(FieldName::content_length)]),
                      framing.length_))
      return false;
    framing.has_length_ = true;
  }
  framing.keep_alive_ = framing.keep_alive_ || (is_keep_alive && has_connection);
  framing.close_ = framing.close_ || is_close;
  return true;
}

// One to eight digits.
inline bool HeadJudge::usual_length(std::string_view value, std::uint64_t& length) noexcept {
  if (value.size() - 1 >= 8) return false;
  // The last eight bytes, zeros for those in front of the value.
  const std::size_t in_front = 64 - 8 * value.size();
  std::uint64_t digits = load<std::uint64_t>(value.data() + value.size() - 8) ^ 0x3030303030303030;
  digits = digits >> in_front << in_front;
  if (((digits | (digits + 0x7676767676767676)) & 0x8080808080808080) != 0) return false;
  // Two digits at a time, then four, then eight.
  digits = digits * 2561 >> 8;
  digits = (digits & 0x00ff00ff00ff00ff) * 6553601 >> 16;
  length = (digits & 0x0000ffff0000ffff) * 42949672960001 >> 32;
  return true;
}

inline Error HeadJudge::head(RequestHead& head) noexcept {
  const Error error = head.framing_.check();
  if (error != Error::none) return error;
  const bool needs_host = head.version_ == Version::http_1_1;
  if (needs_host && !head.has(FieldName::host)) return Error::host_missing;
  head.body_ = head.framing_.body_of_request();
  head.keep_alive_ = head.framing_.keeps_alive(head.version_, head.body_);
  return Error::none;
}

inline Error HeadJudge::head(ResponseHead& head, Method request_method) noexcept {
  const Error error = head.framing_.check();
  if (error != Error::none) return error;
  head.body_ = head.framing_.body_of_response(head.status_, request_method);
  head.keep_alive_ = head.framing_.keeps_alive(head.version_, head.body_);
  return Error::none;
}

}  // namespace http1
