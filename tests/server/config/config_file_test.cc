// Files of options: what is read, and what is refused with its line.
#include "apps/server/config/config_file.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using Values = std::vector<std::string>;

TEST(Settings, are_names_and_values) {
  const Settings read = read_settings(
      "# a file\n\n"
      "root = \"/srv/a # b\"  # not a comment, and one\r\n"
      "listen=['[::1]:80', \"unix:/a\\\\\\\"b\", # two\n  ]\n"
      "writable = true\n\tmax-connections = 1_000\ngrace = 0.5");
  EXPECT_EQ(read.wrong, "");
  ASSERT_EQ(read.all.size(), 5U);
  EXPECT_EQ(read.all[0].name, "root");
  EXPECT_EQ(read.all[0].values, Values{"/srv/a # b"});
  EXPECT_EQ(read.all[1].values, (Values{"[::1]:80", "unix:/a\\\"b"}));
  EXPECT_EQ(read.all[2].values, Values{"true"});
  EXPECT_EQ(read.all[3].values, Values{"1000"});
  EXPECT_EQ(read.all[4].values, Values{"0.5"});
  EXPECT_EQ(read.all[4].line, 8);
  EXPECT_TRUE(read_settings("").all.empty());
  EXPECT_TRUE(read_settings("index = []").all[0].values.empty());
}

TEST(Settings, that_are_none_are_refused_with_their_line) {
  struct Row {
    const char* text;
    int line;
  };
  for (const Row& row :
       {Row{"a", 1}, Row{"\n= 1", 2}, Row{"[table]\na = 1", 1}, Row{"a = 10M", 1}, Row{"a =", 1},
        Row{"a = \"x", 1}, Row{"a = 'x\n'", 1}, Row{"a = \"\\n\"", 1}, Row{"a = 1 2", 1},
        Row{"a = 1\nb = [1\n", 3}, Row{"a = [1 2]", 1}, Row{"a.b = 1", 1}, Row{"a = [[1]]", 1},
        Row{"a = {}", 1}, Row{"a = yes", 1}}) {
    const Settings read = read_settings(row.text);
    EXPECT_NE(read.wrong, "") << row.text;
    EXPECT_EQ(read.wrong_line, row.line) << row.text;
  }
}

TEST(Settings, that_are_quoted_are_read_as_they_were) {
  for (const char* value : {"", "a", "a\"b\\c", "# no comment", "[::]:80, 'x'"}) {
    const Settings read = read_settings("a = " + quote_setting(value));
    ASSERT_EQ(read.all.size(), 1U);
    EXPECT_EQ(read.all[0].values, Values{value});
  }
}

TEST(Names, that_are_mistyped_are_guessed) {
  const std::vector<std::string> names = {"listen", "max-head", "max-body", "writable"};
  EXPECT_EQ(nearest_name("max_head", names), "max-head");
  EXPECT_EQ(nearest_name("writeable", names), "writable");
  EXPECT_EQ(nearest_name("lisen", names), "listen");
  EXPECT_EQ(nearest_name("colour", names), "");
}

}  // namespace
}  // namespace server
