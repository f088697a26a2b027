// Changes messages as an attacker would: by lines, fields, lengths and line ends, not by bytes.
//
// A mutator of bytes rarely writes a second Content-Length, or corrects the size of a chunk after
// its data has grown. These mutations split the input into lines and edit them; an input without
// lines is edited too, so that every input can be mutated. Half of the time the plain mutator runs
// instead, for mutations that this file does not contain.
//
// This file does not depend on libFuzzer; libfuzzer_mutator.cc connects the two. The output is a
// function of seed, input and capacity, on every machine.
// Covered by tests/parser/mutator_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fuzz {

// The kind of message in the input.
enum class Shape {
  request,
  response,
  chunked,
  any,  // one of them
};

// Mutates `size` bytes at `bytes` in place and returns the new size: at most `room`.
using Mutator = std::size_t (*)(std::uint8_t* bytes, std::size_t size, std::size_t room);

// Mutates with one to four edits of this file, or, half of the time, by `plain`; never by `plain`
// if it is null. `size` is at most `room`.
std::size_t mutate(Shape shape, std::uint8_t* bytes, std::size_t size, std::size_t room,
                   std::uint64_t seed, Mutator plain);

// Combines two inputs: lines of `right` are inserted among those of `left`, or replace them. Writes
// at most `room` bytes to `bytes`, which overlaps neither input, and returns their number.
std::size_t cross(std::string_view left, std::string_view right, std::uint8_t* bytes,
                  std::size_t room, std::uint64_t seed);

}  // namespace fuzz
