// Hexadecimal digits: the two alphabets, and writing a byte or a 64-bit word with them. Not
// installed.
//
// Reading a digit is scan::hex_value() in parser/scan.h. Covered by tests/parser/hex_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace http1 {

inline constexpr std::string_view lower_hex_digits = "0123456789abcdef";
inline constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";  // RFC 3986, section 2.1

// Writes the two digits of `byte` to `to` and returns the position behind them.
constexpr char* write_hex_byte(char* to, unsigned char byte,
                               std::string_view digits = lower_hex_digits) noexcept {
  *to++ = digits[byte >> 4];
  *to++ = digits[byte & 15];
  return to;
}

inline constexpr std::size_t hex_word_size = 16;  // digits of a 64-bit word

// Writes all hex_word_size digits of `word`, the highest first, and returns the position behind
// them.
constexpr char* write_hex_word(char* to, std::uint64_t word,
                               std::string_view digits = lower_hex_digits) noexcept {
  for (int shift = 60; shift >= 0; shift -= 4) *to++ = digits[(word >> shift) & 15];
  return to;
}

}  // namespace http1
