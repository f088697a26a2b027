// The largest sizes of a message, and the deviations from the RFCs that the parser can accept.
//
// Limits belong to the grammar: an element that is too long fails at the first byte above the
// limit, so the result does not depend on how the bytes were split. Each default has its reason
// beside it. Each leniency has a name, the RFC section that it deviates from, and the software that
// needs it.
// Covered by tests/parser/cases/limits.txt and leniency.txt.
#pragma once

#include <cstddef>

namespace http1 {

// Spans inside a head are 16 bits wide: no head is longer, whatever Limits says.
inline constexpr std::size_t max_head_bytes = 65535;
// No head has more fields, whatever Limits says.
inline constexpr std::size_t max_fields = 128;

struct Leniency {
  // RFC 3986 3.3, 3.4: browsers (WHATWG URL) leave | ^ [ ] raw in a path and | ^ [ ] ` { } \ as
  // well as a lone % raw in a query. Each stands for itself.
  bool browser_target_bytes = true;
  // RFC 9112 4: some servers end the status line right after the status, without the space.
  // ResponseHead::reason_space_missing() reports it.
  bool status_without_space = true;
};

struct Limits {
  // The whole head, from the first byte given to the blank line. 16 KiB hold a browser's largest
  // usual cookies twice; a slow peer cannot make a connection cost more.
  std::size_t head_bytes = 16384;
  // Browsers send about 20 fields; nginx and Apache stop at 100 too.
  std::size_t fields = 100;
  // RFC 9112 3 recommends to support request lines of at least 8000 octets.
  std::size_t target_bytes = 8192;
  // The longest registered method, UPDATEREDIRECTREF, has 17 letters.
  std::size_t method_bytes = 32;
  // Trailers carry digests and signatures, for which a page is generous.
  std::size_t trailer_bytes = 4096;
  std::size_t trailer_fields = 32;
  // Extensions of one chunk. Almost no client sends any; aws-chunked signatures take about 85
  // bytes.
  std::size_t chunk_extension_bytes = 256;
  // All bytes of a body's chunk lines that the sender could have left out (extensions and leading
  // zeros) may take so many, plus one for every chunk_overhead_share bytes of body: signed
  // chunks of 8 KiB pass, and a body that is nothing but extensions does not.
  std::size_t chunk_overhead_bytes = 16384;
  std::size_t chunk_overhead_share = 4;

  Leniency lenient = {};
};

// The default limits; one object, so that no call has to construct its own.
inline constexpr Limits default_limits = {};

}  // namespace http1
