// Base64: the vectors of RFC 4648 section 10, and texts that are none.
#include "parser/base64.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace http1 {
namespace {

struct Row {
  const char* plain;
  const char* text;
};

const std::vector<Row> rows = {{"", ""},
                               {"f", "Zg=="},
                               {"fo", "Zm8="},
                               {"foo", "Zm9v"},
                               {"foob", "Zm9vYg=="},
                               {"fooba", "Zm9vYmE="},
                               {"foobar", "Zm9vYmFy"},
                               {"\xff\xfe\xfb", "//77"}};

TEST(Base64, is_decoded_and_encoded) {
  for (const Row& row : rows) {
    std::array<char, 64> buffer{};
    EXPECT_EQ(decode_base64(row.text, buffer, true), row.plain) << row.text;
    std::string text = row.text;
    while (text.ends_with('=')) text.pop_back();
    EXPECT_EQ(decode_base64(text, buffer, false), row.plain) << text;
    EXPECT_EQ(decode_base64(text, buffer, true).has_value(), text.size() % 4 == 0) << text;
    const std::string plain = row.plain;
    const std::vector<unsigned char> bytes(plain.begin(), plain.end());
    EXPECT_EQ(encode_base64(bytes, buffer), row.text);
    EXPECT_EQ(base64_size(bytes.size()), std::string(row.text).size());
  }
}

TEST(Base64, of_any_other_text_is_refused) {
  for (const char* text : {"Z", "Zm9vZ", "Zg=", "=", "====", "Zg==Zg==", "Z===", "Zm9 ", "Zm9-",
                           "Zm9_", "Zh==", "Zm9=", "Zg\n=", "Zh", "Zm9"}) {
    std::array<char, 64> buffer{};
    EXPECT_FALSE(decode_base64(text, buffer, false)) << text;
    EXPECT_FALSE(decode_base64(text, buffer, true)) << text;
  }
}

TEST(Base64, fills_a_buffer_to_the_byte) {
  std::array<char, 3> buffer{};
  EXPECT_EQ(decode_base64("Zm9v", buffer, true), "foo");
  EXPECT_FALSE(decode_base64("Zm9vYg==", buffer, true));
}

}  // namespace
}  // namespace http1
