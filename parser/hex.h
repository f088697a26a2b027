// Hexadecimal digits: the two alphabets, writing a byte or a 64-bit word with them, and reading
// bytes. Not installed.
//
// Reading one digit is scan::hex_value() in parser/scan.h. Covered by tests/parser/hex_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parser/scan.h"

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

// Reads `bytes` from two digits each, in either case. Returns false where there are more or fewer
// digits, or other characters; `bytes` may be changed then.
constexpr bool read_hex_bytes(std::string_view digits, std::span<unsigned char> bytes) noexcept {
  if (digits.size() != 2 * bytes.size()) return false;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const int high = scan::hex_value(digits[2 * at]);
    const int low = scan::hex_value(digits[2 * at + 1]);
    if (high < 0 || low < 0) return false;
    bytes[at] = static_cast<unsigned char>(high << 4 | low);
  }
  return true;
}

}  // namespace http1
