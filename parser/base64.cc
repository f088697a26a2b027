// Six bits a digit. Covered by tests/parser/base64_test.cc and fuzz/credentials_fuzzer.cc.
#include "parser/base64.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace http1 {

namespace {

constexpr std::uint8_t no_digit = 255;
constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The value of each digit.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = no_digit;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

}  // namespace

bool is_base64_digit(char c) { return digit_values[static_cast<unsigned char>(c)] != no_digit; }

std::optional<std::string_view> decode_base64(std::string_view text, std::span<char> buffer,
                                              bool needs_padding) {
  const bool is_padded = text.size() % 4 == 0;
  if (needs_padding && !is_padded) return std::nullopt;
  for (int padding = 0; is_padded && padding < 2 && text.ends_with('='); ++padding) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1 || text.size() * 3 / 4 > buffer.size()) return std::nullopt;
  std::uint32_t bits = 0;
  unsigned count = 0;  // of the bits that are not written yet
  std::size_t size = 0;
  for (const char c : text) {
    const std::uint8_t value = digit_values[static_cast<unsigned char>(c)];
    if (value == no_digit) return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    buffer[size++] = static_cast<char>(bits >> count & 255);
    bits &= (1U << count) - 1;
  }
  if (bits != 0) return std::nullopt;
  return std::string_view(buffer.data(), size);
}

std::string_view encode_base64(std::span<const unsigned char> bytes, std::span<char> buffer) {
  assert(buffer.size() >= base64_size(bytes.size()));
  std::size_t size = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
      buffer[size++] = i <= count ? digits[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return {buffer.data(), size};
}

}  // namespace http1
