// UTF-8 by a table of its borders, and by encoding every code point.
#include "parser/utf8.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace http1 {
namespace {

using namespace std::literals;

// Encodes without regard to whether the code point may be encoded.
std::string encode(std::uint32_t point) {
  const auto continuation = [point](int shift) {
    return static_cast<char>(0x80 | (point >> shift & 0x3f));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), continuation(0)};
  if (point < 0x10000) {
    return {static_cast<char>(0xe0 | point >> 12), continuation(6), continuation(0)};
  }
  return {static_cast<char>(0xf0 | point >> 18), continuation(12), continuation(6),
          continuation(0)};
}

TEST(Utf8, is_a_property_of_a_whole_text) {
  for (const std::string_view text : {""sv, "a"sv, "k\xc3\xa4se \xf0\x9f\x8f\x96"sv, "\0"sv}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  for (const std::string_view text : {"\x80"sv, "a\xc3"sv, "\xff"sv, "a\xed\xa0\x80z"sv}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(Utf8, has_every_code_point_but_surrogates) {
  for (std::uint32_t point = 0; point < 0x120000; ++point) {
    const std::string bytes = encode(point);
    const bool is_character = (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff;
    ASSERT_EQ(utf8_length(bytes), is_character ? bytes.size() : 0) << point;
    ASSERT_EQ(utf8_length(bytes + "x"), is_character ? bytes.size() : 0) << point;
    ASSERT_EQ(utf8_length(bytes.substr(0, bytes.size() - 1)), 0U) << point;
    if (!is_character) continue;
    ASSERT_EQ(utf8_code(bytes), char32_t{point});
  }
}

TEST(Utf8, has_no_other_bytes) {
  for (const std::string_view text : {
           ""sv,
           "\x80"sv,
           "\xbf"sv,  // stray continuation bytes
           "\xc0\x80"sv,
           "\xc1\xbf"sv,  // overlong forms of ASCII
           "\xe0\x9f\xbf"sv,
           "\xf0\x8f\xbf\xbf"sv,  // of two and three bytes
           "\xed\xa0\x80"sv,
           "\xed\xbf\xbf"sv,  // surrogates
           "\xf4\x90\x80\x80"sv,
           "\xf5\x80\x80\x80"sv,
           "\xff"sv,  // above U+10FFFF
           "\xc3"sv,
           "\xc3("sv,
           "\xe2\x82"sv,
           "\xe2("sv,
           "\xe2\x82("sv,
           "\xf0\x9f\x98("sv,
           "\xc3\xc3"sv,  // no continuation byte where one has to be
       }) {
    EXPECT_EQ(utf8_length(text), 0U) << ::testing::PrintToString(std::string(text));
  }
}

}  // namespace
}  // namespace http1
