// What the fields of a head and its end decide: Host, framing, expectation. Not installed.
//
// Both ways of reading a head ask here, the one that goes byte by byte (parse.cc) and the one that
// goes line by line (lines.h), so that there is one meaning however the bytes came.
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

  // Judges the fields of those names from number `first` on, which were just entered. False, and
  // nothing taken, if one of them is not certain to be right: the order of lines decides which
  // error it is, and only one by one is that known.
  [[nodiscard]] static bool fields(RequestHead& head, std::uint64_t names,
                                   std::size_t first) noexcept;
  [[nodiscard]] static bool fields(ResponseHead& head, std::uint64_t names,
                                   std::size_t first) noexcept;

  // Takes Connection and Content-Length, those of them that are in `names`, each there once, if
  // they are as they nearly always are: keep-alive or close, one to eight digits. False, and
  // nothing taken, if not. Reads up to ten bytes in front of the values, which the names are.
  [[nodiscard]] static bool usual_fields(Head& head, std::uint64_t names) noexcept;

  // Judges what only the whole head can show, and decides about body and connection.
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

// Which of the two words Connection is, and whether there is one, no branch predictor can know.
// Folding by one bit is exact: the control bytes that would fold to a hyphen stand in no value.
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
