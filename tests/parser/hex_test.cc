// Hexadecimal digits, compared with what the C library prints.
#include "parser/hex.h"

#include <array>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace http1 {
namespace {

std::string printed(const char* format, unsigned long long number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), format, number);
  return text.data();
}

TEST(HexDigits, OfEveryByteAreThoseThatPrintfWrites) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::array<char, 4> text{};
    char* end = write_hex_byte(text.data(), static_cast<unsigned char>(byte));
    EXPECT_EQ(end, text.data() + 2);
    EXPECT_EQ(std::string(text.data()), printed("%02llx", byte));
    end = write_hex_byte(text.data(), static_cast<unsigned char>(byte), upper_hex_digits);
    EXPECT_EQ(end, text.data() + 2);
    EXPECT_EQ(std::string(text.data()), printed("%02llX", byte));
  }
}

TEST(HexDigits, OfAWordAreSixteenWithTheHighestFirst) {
  for (const std::uint64_t word :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x0123456789abcdef},
        std::uint64_t{0xfedcba9876543210}, ~std::uint64_t{0}}) {
    std::array<char, hex_word_size + 1> text{};
    char* end = write_hex_word(text.data(), word);
    EXPECT_EQ(end, text.data() + hex_word_size);
    EXPECT_EQ(std::string(text.data()), printed("%016llx", word));
    write_hex_word(text.data(), word, upper_hex_digits);
    EXPECT_EQ(std::string(text.data()), printed("%016llX", word));
  }
}

TEST(HexDigits, AreReadAsBytesInEitherCaseOrNotAtAll) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::array<unsigned char, 2> bytes{};
    EXPECT_TRUE(read_hex_bytes(printed("%02llx", byte) + printed("%02llX", 255 - byte), bytes));
    EXPECT_EQ(bytes[0], byte);
    EXPECT_EQ(bytes[1], 255 - byte);
  }
  std::array<unsigned char, 2> bytes{};
  for (const char* text : {"", "0", "012", "01234", "0g12", "g012", "01 2", "0x12", "-123"}) {
    EXPECT_FALSE(read_hex_bytes(text, bytes)) << text;
  }
}

}  // namespace
}  // namespace http1
