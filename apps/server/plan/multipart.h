// Many ranges in one answer: multipart/byteranges, RFC 9110 14.6. Pure.
//
// The boundary has a fixed length, so that the length of the whole is known before the boundary is;
// it is random, so that nobody can write a file that fakes a part. Ranges that overlap or touch
// were joined before: the answer is never larger than the file and a head for each part.
// Covered by tests/server/plan/multipart_test.cc and fuzz/plan_fuzzer.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parser/fields.h"

namespace server {

// More ranges in one request are answered with the whole file; these take 2 KiB of each exchange.
// zsync asks for twenty at once (seen).
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

// Writes what stands before part `index`, with the line end of the part before it, or behind the
// last one, if `index` is how many there are. Returns how many bytes that are; where `room` is too
// small nothing is written.
std::size_t write_part_head(const Parts& parts, std::size_t index, std::span<char> room);

// Enough room for that with a content type of up to longest_type bytes.
inline constexpr std::size_t longest_type = 256;
inline constexpr std::size_t part_head_room = 512;

// Bytes of the whole content. The boundary's text does not matter.
std::uint64_t length_of(const Parts& parts);

}  // namespace server
