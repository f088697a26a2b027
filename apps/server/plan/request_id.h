// The texts that identify a request across several programs: the value of X-Request-Id, and the
// trace of traceparent (W3C Trace Context, section 3.2). Pure.
//
// Covered by tests/server/plan/request_id_test.cc and fuzz/request_id_fuzzer.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace server {

inline constexpr std::size_t most_request_id_bytes = 128;

// Whether `text` may be the id of a request: 1 to 128 bytes of A-Z a-z 0-9 . _ = + / -, so that it
// needs no escape in a log or in a field.
bool is_request_id(std::string_view text);

// Views of the value of traceparent.
struct TraceParent {
  std::string_view trace_id;   // 32 digits
  std::string_view parent_id;  // 16 digits
};

// Reads "00-TRACE-PARENT-FLAGS", in lower-case hexadecimal digits. Empty if `text` is malformed, an
// id is 0, or the version is ff; a version above 00 may have more behind the flags.
std::optional<TraceParent> parse_traceparent(std::string_view text);

}  // namespace server
