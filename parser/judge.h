// What the fields of a head and its end decide: Host, framing, expectation. Not installed.
//
// Both ways of reading a head ask here, the one that goes byte by byte (parse.cc) and the one that
// goes line by line (lines.h), so that there is one meaning however the bytes came.
// Covered by tests/parser/cases/host.txt, framing.txt and response.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

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

  // Judges what only the whole head can show, and decides about body and connection.
  [[nodiscard]] static Error head(RequestHead& head) noexcept;
  [[nodiscard]] static Error head(ResponseHead& head, Method request_method) noexcept;

 private:
  template <class AnyHead>
  static bool take_each(AnyHead& head, std::uint64_t names) noexcept;
  template <class AnyHead>
  static bool take_all(AnyHead& head, std::uint64_t names, std::size_t first) noexcept;
  static Error host(const RequestHead& head, std::string_view value) noexcept;
  static void take_expectation(RequestHead& head, std::string_view value) noexcept;
};

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
