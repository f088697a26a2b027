// Bytes in the layouts that are hardest for a parser: at the edge of their memory, and cut
// anywhere.
//
// A block of exactly the right size lets AddressSanitizer detect a read of one byte too many; a new
// block for every call lets it detect a view that still points into the old one. This file avoids
// std::string, whose code in the C++ library is not instrumented for MemorySanitizer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "parser/fnv1a.h"
#include "parser/hex.h"
#include "parser/splitmix64.h"

namespace fuzz {

// A copy of some bytes in a heap block of exactly their size.
class Block {
 public:
  Block() = default;
  explicit Block(std::string_view bytes) { assign(bytes); }
  // Uninitialised bytes, for a result.
  explicit Block(std::size_t size) : bytes_(new char[size]), size_(size) {}

  // Moves to a new block; views of the old one are stale. `bytes` are not this block's.
  void assign(std::string_view bytes) {
    bytes_.reset(new char[bytes.size()]);
    size_ = bytes.size();
    if (size_ != 0) std::memcpy(bytes_.get(), bytes.data(), size_);
  }

  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::span<char> room() { return {bytes_.get(), size_}; }
  [[nodiscard]] char* data() { return bytes_.get(); }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

// A text that grows.
class Text {
 public:
  Text() = default;
  Text(std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) append(part);
  }
  void append(std::string_view part) { bytes_.insert(bytes_.end(), part.begin(), part.end()); }
  void append(char byte) { bytes_.push_back(byte); }
  void append(std::uint64_t number, unsigned base = 10) {
    const std::size_t begin = bytes_.size();
    do {
      bytes_.push_back(http1::lower_hex_digits[number % base]);
      number /= base;
    } while (number != 0);
    std::reverse(bytes_.begin() + static_cast<std::ptrdiff_t>(begin), bytes_.end());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> bytes_;
};

// Pseudorandom numbers derived from the input alone, so that a failing input fails again.
class Random : public http1::SplitMix64 {
 public:
  explicit Random(std::string_view seed) : SplitMix64(http1::Fnv1a().add(seed).value()) {}
};

// Calls try_cuts(ends) for many ways to cut `bytes`: each byte alone, in two, and at random.
// `ends` increases to bytes.size(). Short inputs are cut in two at every place, long ones at some
// places, because every cut costs a copy.
template <class TryCuts>
void cut_anywhere(std::string_view bytes, TryCuts&& try_cuts) {
  constexpr std::size_t byte_by_byte_limit = 512;
  constexpr std::size_t everywhere_limit = 80;
  constexpr std::size_t places = 24;
  const std::size_t size = bytes.size();
  Random random(bytes);
  std::vector<std::size_t> ends;

  for (std::size_t end = 1; end <= size && size <= byte_by_byte_limit; ++end) ends.push_back(end);
  if (!ends.empty()) try_cuts(std::span<const std::size_t>(ends));

  const bool everywhere = size <= everywhere_limit;
  for (std::size_t at = 1; at < (everywhere ? size : places); ++at) {
    ends = {everywhere ? at : random.below(size), size};
    try_cuts(std::span<const std::size_t>(ends));
  }
  for (int round = 0; round < 3; ++round) {
    ends.clear();
    const std::size_t longest = 1 + random.below(size / 4 + 8);
    for (std::size_t end = 0; end < size;) {
      end = std::min(size, end + 1 + random.below(longest));
      ends.push_back(end);
    }
    try_cuts(std::span<const std::size_t>(ends));
  }
}

}  // namespace fuzz
