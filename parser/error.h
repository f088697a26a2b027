// The errors of messages.
//
// Every failure of the library is one of these values, which maps to one sentence for people and to
// one status code for servers. A failure also has the offset of the byte that proved it, which does
// not depend on how the bytes were split.
// Covered by tests/parser/error_test.cc; each value has a case in tests/parser/cases/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace http1 {

enum class Error : std::uint8_t {
  none,

  // Line ends (RFC 9112 2.2).
  bare_cr,  // a CR that no LF follows
  bare_lf,  // an LF that no CR precedes

  // Request line (RFC 9112 3).
  bad_method_byte,      // the method is empty or has a byte that is no token character
  method_too_long,      // the method is longer than Limits::method_bytes
  target_missing,       // nothing between the method and the version
  bad_target_byte,      // the target has a byte that no URI and no browser has there
  bad_target_escape,    // a % in the path that two hexadecimal digits do not follow
  target_too_long,      // the target is longer than Limits::target_bytes
  target_form_invalid,  // the target has no form that its method allows
  version_missing,      // the line ends after the target, as in HTTP/0.9
  bad_version,          // not HTTP/1.DIGIT, and not another major version either
  version_unsupported,  // HTTP of a major version above 1

  // Status line (RFC 9112 4).
  bad_status,       // the status is not three digits of which the first is 1 to 9
  bad_reason_byte,  // a control byte in the reason phrase

  // Field lines (RFC 9112 5).
  space_before_first_field,  // the first field line begins with a space or a tab
  obs_fold,                  // a field line goes on in the next line
  name_missing,              // a field line begins with its colon
  bad_name_byte,             // a field name has a byte that is no token character
  space_before_colon,        // white space between a field name and its colon
  colon_missing,             // a field line ends before its colon
  bad_value_byte,            // a control byte in a field value
  too_many_fields,           // more fields than Limits::fields
  head_too_large,            // the head is longer than Limits::head_bytes

  // Host (RFC 9112 3.2).
  host_missing,   // an HTTP/1.1 request without Host
  host_repeated,  // a second Host line
  host_invalid,   // Host is no host with an optional port, or empty though the target needs it

  // Framing (RFC 9112 6).
  content_length_invalid,    // Content-Length is not one decimal number
  content_length_too_large,  // Content-Length is above 2^63-1 or has more than 19 digits
  content_length_repeated,   // a second Content-Length line
  coding_invalid,            // Transfer-Encoding is no list of codings with one chunked at its end
  coding_repeated,           // a second Transfer-Encoding line
  coding_unsupported,        // a transfer coding other than chunked
  coding_in_http_1_0,        // Transfer-Encoding in an HTTP/1.0 message
  length_and_coding,         // both Content-Length and Transfer-Encoding
  connection_invalid,        // Connection is no list of tokens

  // Chunked body (RFC 9112 7.1).
  bad_chunk_size,             // the size is empty or a byte after it is neither digit nor end
  chunk_size_too_large,       // the size is above 2^63-1 or has more than 16 digits
  bad_chunk_extension,        // an extension is not ;name, ;name=token or ;name="quoted"
  chunk_extension_too_large,  // one chunk's extensions exceed Limits::chunk_extension_bytes
  chunk_overhead_too_large,   // extensions and leading zeros exceed what the body's size excuses
  chunk_end_missing,          // something else than CR LF after a chunk's data
  trailer_too_large,          // the trailer section is longer than Limits::trailer_bytes
  trailer_forbidden,          // a field that frames or routes, in a trailer

  // Paths and URLs (RFC 3986).
  path_not_absolute,       // the path does not begin with a slash
  path_encoded_control,    // %00 to %1F or %7F in a path
  path_encoded_slash,      // %2F in a path: a slash inside a segment names nothing
  path_above_root,         // .. climbs above the root
  path_too_long,           // the path does not fit into the buffer
  url_scheme_unsupported,  // a URL that begins with neither http:// nor https://
  url_host_invalid,        // a URL whose host or port is missing or malformed
};

inline constexpr std::size_t error_count = static_cast<std::size_t>(Error::url_host_invalid) + 1;

// Returns one sentence for a person; a constant of the program.
[[nodiscard]] std::string_view describe(Error error) noexcept;

// Returns the name of the value as it is spelt above; a constant of the program.
[[nodiscard]] std::string_view name_of(Error error) noexcept;

// Returns the status code that a server responds with: 400, 414, 431, 501 or 505; 200 for none.
[[nodiscard]] int status_of(Error error) noexcept;

// An error and the byte that proved it: all bytes before `offset` were the beginning of an
// acceptable message, and with the byte at `offset` they no longer are.
struct Failure {
  Error error = Error::none;
  std::size_t offset = 0;
};

// The state of a parser or decoder after the bytes that it was given.
enum class Progress : std::uint8_t {
  done,    // the element is complete and valid
  more,    // all bytes so far are valid, and more must follow
  failed,  // the element is invalid, whatever follows
};

}  // namespace http1
