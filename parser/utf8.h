// UTF-8: where the well-formed characters of a text end. Not installed.
//
// For output that passes well-formed text on and escapes other bytes. Covered by
// tests/parser/utf8_test.cc.
#pragma once

#include <cstddef>
#include <string_view>

namespace http1 {

// The length in bytes of the character at the front of `text`; 0 if `text` is empty or its front is
// ill-formed: a stray or missing continuation byte, an overlong form, a surrogate, or a code point
// above U+10FFFF (The Unicode Standard, table 3-7; RFC 3629 4).
constexpr std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte_at = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte_at(0);
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  // The second byte excludes overlong forms, surrogates, and code points that are too large.
  const unsigned lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte_at(1) < lowest || byte_at(1) > highest) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

// Says whether all of `text` is well-formed.
constexpr bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// The code point of `character`, which is one well-formed character. RFC 3629, section 3.
constexpr char32_t utf8_code(std::string_view character) noexcept {
  char32_t code = static_cast<unsigned char>(character[0]);
  if (character.size() > 1) code &= 0x7fU >> character.size();
  for (const char byte : character.substr(1)) {
    code = code << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  return code;
}

}  // namespace http1
