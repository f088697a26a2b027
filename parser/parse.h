// Parses the heads of requests and responses, strictly, from bytes that may arrive split anywhere.
//
// The caller gives all bytes of a head from its first, each time; the parser goes on where it
// stopped, so that every byte is read about once. It behaves like an automaton that reads one byte
// at a time: it fails at the first byte that proves the message wrong, every split gives the same
// result, error and offset, a proper prefix of an accepted head is always `more`, and an error is
// final. A field is judged at the end of its line, the head at its blank line. Never reads at or
// beyond the end of the bytes given; what follows the head is not looked at.
// `done` means that framing and, in a request, Host are decided and valid.
// Covered by tests/parser/cases/ (run at every split by cases_test.cc) and
// tests/parser/parse_test.cc.
//
//   http1::RequestHead head;
//   switch (http1::parse_request(bytes, head)) {
//     case http1::Progress::more: receive more bytes behind these, and call again
//     case http1::Progress::failed: answer status_of(head.failure().error) and close
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
// the call before, wherever they are now; the views of `head` are of these bytes until the next
// call or rebase(). After done or failed, repeats itself until head.reset().
[[nodiscard]] Progress parse_request(std::string_view bytes, RequestHead& head,
                                     const Limits& limits = default_limits) noexcept;

// Parses a response head, likewise. The method of the request decides whether a body follows.
[[nodiscard]] Progress parse_response(std::string_view bytes, ResponseHead& head,
                                      Method request_method,
                                      const Limits& limits = default_limits) noexcept;

// The same for a user agent, which RFC 9112 5.2 has accept field lines that go on in the next line:
// the CR LF of such a fold becomes two spaces, in `bytes`. Every split gives the same, but a line
// end counts as arrived only when the byte behind it is there: an error at it comes a byte later.
[[nodiscard]] Progress parse_folded_response(std::span<char> bytes, ResponseHead& head,
                                             Method request_method,
                                             const Limits& limits = default_limits) noexcept;

}  // namespace http1
