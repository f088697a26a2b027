// Bytes as little-endian words: one load where the machine is little-endian. Not installed.
// Covered by the tests of code that reads words: tests/parser/simd_test.cc and names_test.cc.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace http1 {

// Reads a word from anywhere.
template <class Word>
inline Word load(const char* bytes) noexcept {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) {
    Word swapped = 0;
    for (std::size_t at = 0; at < sizeof word; ++at) {
      swapped = static_cast<Word>(swapped << 8 | (word >> (8 * at) & 0xff));
    }
    return swapped;
  }
  return word;
}

// The word that load() reads from the first eight bytes of a text, zeros behind a shorter one.
constexpr std::uint64_t word_of(const char* text, std::size_t size) noexcept {
  std::uint64_t word = 0;
  for (std::size_t at = 0; at < size && at < 8; ++at) {
    word |= std::uint64_t{static_cast<unsigned char>(text[at])} << (8 * at);
  }
  return word;
}

// The lowest `count` bits, count from 0 to 64.
constexpr std::uint64_t low_bits(std::size_t count) noexcept {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace http1
