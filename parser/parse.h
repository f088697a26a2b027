// Parses the heads of requests and responses, strictly, from bytes that may arrive split anywhere.
//
// Each call gets all bytes of the head, from its first one. The parser continues where it stopped,
// so that every byte is read about once. It behaves like an automaton that reads one byte at a
// time: it fails at the first byte that proves the message invalid, its result, error and offset do
// not depend on how the bytes are split, a proper prefix of an accepted head is always `more`, and
// an error is final. A field is judged at the end of its line, the head at its blank line. The
// parser does not read beyond the end of the bytes, and does not examine bytes behind the head.
// `done` means that framing and, in a request, Host are decided and valid.
// Covered by tests/parser/cases/ (run at every split by cases_test.cc) and
// tests/parser/parse_test.cc.
//
//   http1::RequestHead head;
//   switch (http1::parse_request(bytes, head)) {
//     case http1::Progress::more: receive more bytes behind these, and call again
//     case http1::Progress::failed: respond with status_of(head.failure().error) and close
//     case http1::Progress::done: use head; the body begins at bytes[head.size()]
//   }
#pragma once

#include <span>
#include <string_view>

#include "parser/error.h"
#include "parser/limits.h"
#include "parser/message.h"

namespace http1 {

// Parses a request head. `bytes` begins with the head's first byte and has at least the bytes of
// the call before, which may have moved; the views of `head` are of these bytes until the next call
// or rebase(). After done or failed it returns that result again until head.reset().
[[nodiscard]] Progress parse_request(std::string_view bytes, RequestHead& head,
                                     const Limits& limits = default_limits) noexcept;

// Parses a response head, in the way of parse_request(). Whether a body follows depends on the
// method of the request.
[[nodiscard]] Progress parse_response(std::string_view bytes, ResponseHead& head,
                                      Method request_method,
                                      const Limits& limits = default_limits) noexcept;

// parse_response() for a user agent, which has to accept folded field lines (RFC 9112 5.2): the CR
// LF of a fold becomes two spaces, in `bytes`. The result does not depend on how the bytes are
// split, but a line end counts as arrived only with the byte behind it, so an error at it comes one
// byte later.
[[nodiscard]] Progress parse_folded_response(std::span<char> bytes, ResponseHead& head,
                                             Method request_method,
                                             const Limits& limits = default_limits) noexcept;

}  // namespace http1
