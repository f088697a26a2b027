// Sizes, times, counts and choices: what they become, and what is wrong with others.
#include "apps/options/read_value.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

TEST(Sizes, are_read_with_their_units) {
  constexpr std::uint64_t kibi = 1024;
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("4096"), 4096U);
  EXPECT_EQ(parse_bytes("64K"), 64 * kibi);
  EXPECT_EQ(parse_bytes("64k"), 64 * kibi);
  EXPECT_EQ(parse_bytes("10M"), 10 * kibi * kibi);
  EXPECT_EQ(parse_bytes("2g"), 2 * kibi * kibi * kibi);
  EXPECT_EQ(parse_bytes("1T"), kibi * kibi * kibi * kibi);
  EXPECT_EQ(parse_bytes("9223372036854775807"), 9223372036854775807U);
  EXPECT_EQ(parse_bytes("8388607T"), 8388607 * kibi * kibi * kibi * kibi);
  for (const char* text : {"", "K", "-1", "+1", " 1", "1 ", "1 K", "1KB", "1.5M", "0x10", "K1",
                           "9223372036854775808", "8388608T", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Sizes, are_written_as_short_as_possible) {
  struct Row {
    std::uint64_t bytes;
    const char* text;
  };
  for (const Row& row : {Row{0, "0"}, Row{1023, "1023"}, Row{1024, "1K"}, Row{1536, "1536"},
                         Row{63 * 1024, "63K"}, Row{1ULL << 40, "1T"}, Row{1ULL << 50, "1024T"}}) {
    EXPECT_EQ(format_bytes(row.bytes), row.text);
    EXPECT_EQ(parse_bytes(row.text), row.bytes);
  }
}

TEST(Times, are_read_as_milliseconds) {
  struct Row {
    const char* text;
    std::int64_t milliseconds;
  };
  for (const Row& row :
       {Row{"0", 0}, Row{"0.5", 500}, Row{"60", 60'000}, Row{"0.57", 570}, Row{"1.0015", 1002},
        Row{"0.0001", 1}, Row{"1e2", 100'000}, Row{".5", 500}, Row{"0.0", 0}}) {
    EXPECT_EQ(parse_seconds(row.text), row.milliseconds) << row.text;
  }
  for (const char* text :
       {"", "-1", "-0", "+1", " 1", "1 ", "1s", "soon", "inf", "nan", "1e300", "0x10", "1,5"}) {
    EXPECT_FALSE(parse_seconds(text)) << text;
  }
}

TEST(Times, are_written_as_short_as_possible) {
  struct Row {
    std::uint64_t milliseconds;
    const char* text;
  };
  for (const Row& row : {Row{0, "0"}, Row{1, "0.001"}, Row{500, "0.5"}, Row{2050, "2.05"},
                         Row{86'400'000, "86400"}}) {
    EXPECT_EQ(format_seconds(row.milliseconds), row.text);
    EXPECT_EQ(parse_seconds(row.text), row.milliseconds);
  }
}

TEST(Counts, are_whole_numbers_in_decimal) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("010"), 10U);
  EXPECT_EQ(parse_count("18446744073709551615"), 18446744073709551615U);
  for (const char* text : {"", "-1", "+1", "1.0", "1K", "0x10", " 1", "18446744073709551616"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(Flags, are_said_in_many_words) {
  for (const char* text : {"true", "TRUE", "on", "Yes", "enable", "1"}) {
    EXPECT_EQ(parse_flag(text), true) << text;
  }
  for (const char* text : {"false", "Off", "no", "disable", "0"}) {
    EXPECT_EQ(parse_flag(text), false) << text;
  }
  for (const char* text : {"", "perhaps", "2", "-1", "true "}) {
    EXPECT_FALSE(parse_flag(text)) << text;
  }
}

TEST(Values, are_judged_by_their_rows) {
  struct Row {
    const char* option;
    const char* value;
    const char* problem;
  };
  for (const Row& row : {
           Row{"root", "/srv", ""},
           Row{"root", "", "is empty"},
           Row{"listen", "", "is empty"},
           Row{"not-found", "", ""},
           Row{"not-found", "a.html", ""},
           Row{"writable", "yes", ""},
           Row{"writable", "perhaps", "is neither true nor false"},
           Row{"durability", "full", ""},
           Row{"durability", "Full", "is none of the choices"},
           Row{"durability", "", "is none of the choices"},
           Row{"max-head", "256", ""},
           Row{"max-head", "63K", ""},
           Row{"max-head", "255", "is out of range"},
           Row{"max-head", "64K", "is out of range"},
           Row{"max-head", "lots", "is no number of bytes"},
           Row{"max-fields", "0", "is out of range"},
           Row{"max-fields", "129", "is out of range"},
           Row{"max-fields", "128", ""},
           Row{"max-fields", "many", "is no whole number"},
           Row{"workers", "9223372036854775808", "is out of range"},
           Row{"grace", "0.001", ""},
           Row{"grace", "86400", ""},
           Row{"grace", "0", "is out of range"},
           Row{"grace", "86401", "is out of range"},
           Row{"grace", "soon", "is no number of seconds"},
       }) {
    EXPECT_EQ(problem_of(*find_option(sample::server, row.option), row.value), row.problem)
        << row.option << " " << row.value;
  }
}

TEST(Values, that_are_allowed_are_listed) {
  struct Row {
    const char* option;
    const char* allowed;
  };
  for (const Row& row : {
           Row{"root", "the path of a directory"},
           Row{"listen", "ADDRESS:PORT or unix:PATH"},
           Row{"writable", "true or false"},
           Row{"durability", "none, data or full"},
           Row{"not-found", "the path of a file"},
           Row{"max-head", "bytes from 256 to 63K"},
           Row{"max-body", "bytes, perhaps with K, M, G or T"},
           Row{"max-fields", "a whole number from 1 to 128"},
           Row{"workers", "a whole number"},
           Row{"grace", "seconds from 0.001 to 86400"},
       }) {
    EXPECT_EQ(allowed_values(*find_option(sample::server, row.option)), row.allowed) << row.option;
  }
}

TEST(Values, of_each_example_and_default_are_allowed) {
  for (const Program* program : {&sample::server, &sample::client}) {
    for (const Option& option : program->options) {
      if (option.kind == Kind::flag) continue;
      EXPECT_EQ(problem_of(option, option.example), "") << option.name;
      EXPECT_NE(option.example, "") << option.name;
      if (!option.default_text.empty()) {
        EXPECT_EQ(problem_of(option, option.default_text), "") << option.name;
      }
    }
  }
}

}  // namespace
}  // namespace options
