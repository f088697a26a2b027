// The text of configuration files: what is read, and what is refused with its line.
#include "apps/options/config_file.h"

#include <gtest/gtest.h>

namespace options {
namespace {

using Texts = std::vector<std::string>;

TEST(ConfigTexts, are_names_and_values) {
  const ConfigFile read = read_config_text(
      "# a file\n\n"
      "root = \"/srv/a # b\"  # not a comment, and one\r\n"
      "listen=['[::1]:80', \"unix:/a\\\\\\\"b\", # two\n  ]\n"
      "writable = true\n\tmax-connections = 1_000\ngrace = 0.5");
  EXPECT_EQ(read.problem.text, "");
  ASSERT_EQ(read.settings.size(), 5U);
  EXPECT_EQ(read.settings[0].name, "root");
  EXPECT_EQ(read.settings[0].values, Texts{"/srv/a # b"});
  EXPECT_EQ(read.settings[1].values, (Texts{"[::1]:80", "unix:/a\\\"b"}));
  EXPECT_EQ(read.settings[2].values, Texts{"true"});
  EXPECT_EQ(read.settings[3].values, Texts{"1000"});
  EXPECT_EQ(read.settings[4].values, Texts{"0.5"});
  EXPECT_EQ(read.settings[4].line, 8);
  EXPECT_TRUE(read_config_text("").settings.empty());
  EXPECT_TRUE(read_config_text("index = []").settings[0].values.empty());
}

TEST(ConfigTexts, may_begin_with_a_byte_order_mark) {
  const ConfigFile read = read_config_text("\xEF\xBB\xBFgrace = 1\r\n");
  EXPECT_EQ(read.problem.line, 0);
  ASSERT_EQ(read.settings.size(), 1U);
  EXPECT_EQ(read.settings[0].name, "grace");
  EXPECT_EQ(read_config_text("\xEF\xBB\xBF\xEF\xBB\xBFgrace = 1").problem.line, 1);
  EXPECT_EQ(read_config_text("grace = 1\n\xEF\xBB\xBFgrace = 1").problem.line, 2);
}

TEST(ConfigTexts, that_are_none_are_refused_with_their_line) {
  struct Row {
    const char* text;
    int line;
    const char* problem;
  };
  for (const Row& row : {
           Row{"a", 1, "a line is NAME = VALUE"},
           Row{"\n= 1", 2, "a line is NAME = VALUE"},
           Row{"[table]\na = 1", 1, "a line is NAME = VALUE"},
           Row{"a.b = 1", 1, "a line is NAME = VALUE"},
           Row{"a = 10M", 1, "the value of 'a' needs quotes, as in a = \"10M\""},
           Row{"a =", 1, "needs quotes"},
           Row{"a = yes", 1, "needs quotes"},
           Row{"a = _", 1, "needs quotes"},
           Row{"a = {}", 1, "needs quotes"},
           Row{"a = [[1]]", 1, "needs quotes"},
           Row{"a = [on]", 1, "needs quotes"},
           Row{"a = \"x", 1, "the string of 'a' has no end"},
           Row{"a = 'x\n'", 1, "the string of 'a' has no end"},
           Row{"a = 'x\x01'", 1, "the string of 'a' has a control byte"},
           Row{"a = \"\\x\"", 1, "are escapes here"},
           Row{"a = \"\\u0000\"", 1, "are escapes here"},
           Row{"a = \"\\u00", 1, "are escapes here"},
           Row{"a = 1 2", 1, "more stands behind the value of 'a'"},
           Row{"a = 1\nb = [1\n", 3, "the array of 'b' has no end"},
           Row{"b = [", 1, "the array of 'b' has no end"},
           Row{"b = [1,", 1, "the array of 'b' has no end"},
           Row{"a = [1 2]", 1, "the values of 'a' are separated by commas"},
       }) {
    const ConfigFile read = read_config_text(row.text);
    EXPECT_EQ(read.problem.line, row.line) << row.text;
    EXPECT_NE(read.problem.text.find(row.problem), std::string::npos)
        << row.text << ": " << read.problem.text;
  }
}

TEST(ConfigTexts, say_which_value_needs_quotes) {
  const FileProblem problem = read_config_text("grace = 1\nwritable = yes # no").problem;
  EXPECT_EQ(problem.name, "writable");
  EXPECT_EQ(problem.value, "yes");
  EXPECT_EQ(read_config_text("a = [1, on]").problem.value, "on");
  EXPECT_EQ(read_config_text("a = 1 2").problem.name, "");
}

TEST(ConfigTexts, that_are_written_are_read_as_they_were) {
  for (const Texts& values :
       {Texts{}, Texts{""}, Texts{"a"}, Texts{"a\"b\\c"}, Texts{"# no comment", "[::]:80, 'x'"},
        Texts{"1", "true", "0.5", "1_000"}, Texts{"a\nb\r\tc\x01\x7f", "\xC3\xBC"}}) {
    for (const Notation notation : {Notation::word, Notation::quoted}) {
      const std::string text = write_setting("a", values, true, notation);
      const ConfigFile read = read_config_text(text);
      ASSERT_EQ(read.settings.size(), 1U) << text << ": " << read.problem.text;
      EXPECT_EQ(read.settings[0].values, values) << text;
    }
  }
}

TEST(ConfigTexts, are_written_without_quotes_where_that_is_possible) {
  const auto write = [](const char* value, Notation notation) {
    const Texts values = {value};
    return write_setting("a", values, false, notation);
  };
  EXPECT_EQ(write("10", Notation::word), "a = 10");
  EXPECT_EQ(write("10", Notation::quoted), "a = \"10\"");
  EXPECT_EQ(write("true", Notation::word), "a = true");
  EXPECT_EQ(write("10M", Notation::word), "a = \"10M\"");
  EXPECT_EQ(write("1e3", Notation::word), "a = \"1e3\"");
  EXPECT_EQ(write_setting("a", {}, true, Notation::quoted), "a = []");
}

}  // namespace
}  // namespace options
