// Several ranges in one response: multipart/byteranges, RFC 9110 section 14.6. Pure.
//
// The boundary has a fixed length, so that Content-Length is known before the boundary is drawn. It
// is random, so that the author of a file cannot put a forged delimiter into it. Ranges that
// overlap or touch were joined before: a response is at most as large as the file and a head for
// each part. Covered by tests/server/plan/multipart_test.cc and fuzz/plan_fuzzer.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parser/fields.h"

namespace server {

// A request for more ranges gets the whole file. The array takes 2 KiB of each exchange. zsync asks
// for twenty ranges at once (seen).
inline constexpr std::size_t most_ranges = 128;

// 32 hexadecimal digits: 128 random bits.
inline constexpr std::size_t boundary_bytes = 32;
using Boundary = std::array<char, boundary_bytes>;

struct Parts {
  std::span<const http1::ByteRange> ranges;  // at least one
  std::uint64_t complete_size = 0;           // of the file
  std::string_view content_type;             // of the file; may be empty
  std::string_view boundary;                 // boundary_bytes
};

// Writes the delimiter and the fields in front of part `index`, or the last delimiter where `index`
// is the number of parts. Returns the size in bytes; writes nothing where `buffer` is smaller.
[[nodiscard]] std::size_t write_part_head(const Parts& parts, std::size_t index,
                                          std::span<char> buffer);

// The longest content type, in bytes, and the size of a buffer in which every part head fits.
inline constexpr std::size_t longest_type = 256;
inline constexpr std::size_t most_part_head_bytes = 512;

// The length of the whole content in bytes. It does not depend on the text of the boundary.
std::uint64_t length_of(const Parts& parts);

}  // namespace server
