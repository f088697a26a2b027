// Text in columns of a terminal.
#include "apps/client/screen/columns.h"

#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Columns, CountCharactersAsATerminalDoes) {
  struct Row {
    std::string_view text;
    std::size_t columns;
  };
  const std::vector<Row> rows = {
      {"", 0},        {"plain", 5},  {"gr\u00fc\u00dfe", 5}, {"a\u0301", 1},
      {"\u65e5x", 3}, {"\uac00", 2}, {"\U0001f600", 2},      {"\xff\xff", 2},
      {"\u2026", 1},  {"\uff21", 2}, {"e\u0301\u0302", 1},
  };
  for (const Row& row : rows) EXPECT_EQ(columns_of(row.text), row.columns) << row.text;
}

TEST(Columns, AreNeverExceededByAShortenedText) {
  struct Row {
    std::string_view text;
    std::size_t columns;
    std::string_view shown;
  };
  const std::vector<Row> rows = {
      {"abcdef", 6, "abcdef"},
      {"abcdef", 5, "abcd\u2026"},
      {"abcdef", 1, "\u2026"},
      {"abcdef", 0, ""},
      {"\u65e5\u672c\u8a9e", 6, "\u65e5\u672c\u8a9e"},
      {"\u65e5\u672c\u8a9e", 5, "\u65e5\u672c\u2026"},
      {"\u65e5\u672c\u8a9e", 4, "\u65e5\u2026"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(shortened(row.text, row.columns), row.shown);
    EXPECT_LE(columns_of(shortened(row.text, row.columns)), row.columns);
  }
}

}  // namespace
}  // namespace client
