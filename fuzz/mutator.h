// Changes messages as an attacker would: by lines, fields, lengths and line ends, not by bytes.
//
// A mutator of bytes seldom writes a second Content-Length, or a chunk whose size is right again
// after its data grew. These mutations cut the input into lines and edit those; what has no lines
// is edited all the same, so that no input is refused. Half of the time the plain mutator has its
// turn, for what nobody thought of.
//
// Nothing here is libFuzzer's: libfuzzer_mutator.cc is the seam. The same seed, input and room give
// the same output, on every machine.
// Covered by tests/parser/mutator_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fuzz {

// What the input is meant to be.
enum class Shape {
  request,
  response,
  chunked,
  any,  // one of them
};

// Mutates `size` bytes at `bytes` in place and returns how many there are now: at most `room`.
using Mutator = std::size_t (*)(std::uint8_t* bytes, std::size_t size, std::size_t room);

// Does the same with one to four edits of its own, or has `plain` do it half of the time; never, if
// that is null. `size` is at most `room`.
std::size_t mutate(Shape shape, std::uint8_t* bytes, std::size_t size, std::size_t room,
                   std::uint64_t seed, Mutator plain);

// Makes one input of two: lines of `right` among those of `left`, or instead of them. Writes at
// most `room` bytes to `bytes`, which neither of the two is part of, and returns how many.
std::size_t cross(std::string_view left, std::string_view right, std::uint8_t* bytes,
                  std::size_t room, std::uint64_t seed);

}  // namespace fuzz
