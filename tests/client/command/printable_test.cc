// Text that a terminal does not obey.
#include "apps/client/command/printable.h"

#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Printable, EscapesControlCharactersAndMalformedBytes) {
  struct Row {
    std::string_view text, shown;
  };
  const std::vector<Row> rows = {
      {"", ""},
      {"plain, with spaces; \"quotes\" and \\", "plain, with spaces; \"quotes\" and \\"},
      {"gr\u00fc\u00dfe, \u65e5\u672c, \U0001f600", "gr\u00fc\u00dfe, \u65e5\u672c, \U0001f600"},
      {"\x1b[2Jred", "\\x1b[2Jred"},
      {"a\tb\r\nc\x7f", "a\\x09b\\x0d\\x0ac\\x7f"},
      {std::string_view("a\0b", 3), "a\\x00b"},
      {"a\u0080b\u009b31mc\u009f", "a\\u0080b\\u009b31mc\\u009f"},
      {"\u00a0", "\u00a0"},
      {"\x9b"
       "31m",
       "\\x9b31m"},
      {"caf\xe9", "caf\\xe9"},
      {"\xe2\x82", "\\xe2\\x82"},
      {"exe\u202egpj", "exe\\u202egpj"},
      {"a\u2028b\u2029c", "a\\u2028b\\u2029c"},
      {"\u2066x\u2069 \u200f \u061c", "\\u2066x\\u2069 \\u200f \\u061c"},
  };
  for (const Row& row : rows) EXPECT_EQ(printable(row.text), row.shown);
}

TEST(Printable, KeepsLineFeedsWhereTheTextHasLines) {
  EXPECT_EQ(printable("a\nb\r\n", LineFeeds::kept), "a\nb\\x0d\n");
}

TEST(Printable, FindsControlCharactersAndNotMalformedBytes) {
  EXPECT_TRUE(has_control("a\nb"));
  EXPECT_TRUE(has_control("a\u009b"));
  EXPECT_TRUE(has_control("a\u202e"));
  EXPECT_FALSE(has_control("caf\xe9"));
  EXPECT_FALSE(has_control("gr\u00fc\u00dfe"));
}

}  // namespace
}  // namespace client
