// Field values: lists, weights, entity tags, ranges, numbers; mostly tables.
#include "parser/fields.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace http1 {
namespace {

std::vector<std::string> elements(std::string_view value) {
  std::vector<std::string> all;
  ListReader list(value);
  for (std::string_view element; list.next(element);) all.emplace_back(element);
  return all;
}

using Strings = std::vector<std::string>;

// RFC 9110 5.6.1, 5.6.4
TEST(Lists, separate_at_commas_outside_quotes_and_skip_empty_elements) {
  EXPECT_EQ(elements(""), Strings());
  EXPECT_EQ(elements(" , ,\t, "), Strings());
  EXPECT_EQ(elements("a"), Strings({"a"}));
  EXPECT_EQ(elements("a,b , c\t,"), Strings({"a", "b", "c"}));
  EXPECT_EQ(elements("\"a,b\", c"), Strings({"\"a,b\"", "c"}));
  EXPECT_EQ(elements("a=\"b\\\",c\", d"), Strings({"a=\"b\\\",c\"", "d"}));
  EXPECT_EQ(elements("\"open, a"), Strings({"\"open, a"}));
  EXPECT_EQ(elements("\"\\"), Strings({"\"\\"}));
}

TEST(Lists, are_searched_for_tokens_in_any_case) {
  EXPECT_TRUE(has_token("a, Close , b", "close"));
  EXPECT_FALSE(has_token("closed, a", "close"));
  EXPECT_FALSE(has_token("", "close"));
}

TEST(Texts, are_compared_without_the_case_of_ASCII_letters_only) {
  EXPECT_TRUE(equal_ignoring_case("aZ-1", "Az-1"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("\xc3", "\xe3"));
}

TEST(Texts, are_tokens_when_all_bytes_are) {
  EXPECT_TRUE(is_token("a-b!"));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
  EXPECT_FALSE(is_token("a="));
}

TEST(Decimals, are_read_up_to_the_largest_length) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("0000000000000000042"), 42U);
  EXPECT_EQ(parse_decimal("9223372036854775807"), max_length);
  for (const char* text : {"", "-1", "+1", "1a", " 1", "9223372036854775808", "9999999999999999999",
                           "00000000000000000001"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

// RFC 9110 12.4.2
TEST(Weights, are_read_in_thousandths) {
  struct Row {
    const char* value;
    const char* item;
    int weight;  // -1 if skipped
  };
  constexpr Row rows[] = {
      {"a", "a", 1000},
      {"a;q=1", "a", 1000},
      {"a;q=0", "a", 0},
      {"a;q=0.5", "a", 500},
      {"a ; q=0.123", "a", 123},
      {"a;Q=1.000", "a", 1000},
      {"a;q=0.", "a", 0},
      {"a;b=c;q=0.9", "a;b=c", 900},
      {"a;b=\";q=0\"", "a;b=\";q=0\"", 1000},
      {"a;q=1.001", "", -1},
      {"a;q=2", "", -1},
      {"a;q=", "", -1},
      {"a;q=0.1234", "", -1},
      {"a;q=-1", "", -1},
      {"a;q=1x", "", -1},
      {"a;q=0.x", "", -1},
      {"a;q", "a;q", 1000},
      {"a;p=0", "a;p=0", 1000},
      {"a;qs=0", "a;qs=0", 1000},
      {"a;q=0,5", "a", 0},
  };
  for (const Row& row : rows) {
    WeightedReader reader(row.value);
    Weighted weighted;
    const bool found = reader.next(weighted);
    EXPECT_EQ(found && weighted.item != "5", row.weight >= 0) << row.value;
    if (row.weight < 0) continue;
    EXPECT_EQ(weighted.item, row.item) << row.value;
    EXPECT_EQ(weighted.weight, row.weight) << row.value;
  }
}

// RFC 9110 12.5.3
TEST(Weights, of_codings_fall_back_to_the_star_and_identity_is_welcome) {
  EXPECT_EQ(coding_weight("gzip, br;q=0.5", "gzip"), 1000);
  EXPECT_EQ(coding_weight("gzip, BR;q=0.5", "br"), 500);
  EXPECT_EQ(coding_weight("gzip", "zstd"), 0);
  EXPECT_EQ(coding_weight("gzip, *;q=0.1", "zstd"), 100);
  EXPECT_EQ(coding_weight("gzip", "identity"), 1000);
  EXPECT_EQ(coding_weight("identity;q=0", "identity"), 0);
  EXPECT_EQ(coding_weight("*;q=0", "identity"), 0);
  EXPECT_EQ(coding_weight("*;q=0, identity", "identity"), 1000);
  EXPECT_EQ(coding_weight("", "identity"), 1000);
  EXPECT_EQ(coding_weight("", "gzip"), 0);
}

TEST(Ranges, have_both_ends) {
  EXPECT_EQ((ByteRange{.first = 0, .last = 499}.size()), 500U);
  EXPECT_EQ((ByteRange{.first = 7, .last = 7}.size()), 1U);
}

// RFC 9110 12.5.1
TEST(Weights, of_media_types_come_from_the_most_specific_range) {
  constexpr std::string_view accept = "text/*;q=0.3, text/html;q=0.7, */*;q=0.1, a/b;c=d";
  EXPECT_EQ(media_weight(accept, "text/html"), 700);
  EXPECT_EQ(media_weight(accept, "TEXT/plain"), 300);
  EXPECT_EQ(media_weight(accept, "application/json"), 100);
  EXPECT_EQ(media_weight(accept, "a/b"), 1000);
  EXPECT_EQ(media_weight("text/html", "application/json"), 0);
  EXPECT_EQ(media_weight("", "text/html"), 0);
  EXPECT_EQ(media_weight("texts/*", "text/html"), 0);
}

// RFC 9110 8.8.3
TEST(EntityTags, are_quoted_and_perhaps_weak) {
  EXPECT_EQ(parse_entity_tag("\"a\"")->opaque, "\"a\"");
  EXPECT_FALSE(parse_entity_tag("\"a\"")->is_weak);
  EXPECT_TRUE(parse_entity_tag("W/\"a\"")->is_weak);
  EXPECT_EQ(parse_entity_tag("W/\"\"")->opaque, "\"\"");
  EXPECT_TRUE(parse_entity_tag("\"\\\xff!,\""));
  for (const char* text : {"", "a", "\"", "\"a", "a\"", "w/\"a\"", "W\"a\"", "\"a b\"", "\"a\"b\"",
                           "\"a\x7f\"", "\"a\t\"", " \"a\""}) {
    EXPECT_FALSE(parse_entity_tag(text)) << text;
  }
}

// The table of RFC 9110 8.8.3.2.
TEST(EntityTags, are_compared_strongly_and_weakly) {
  const EntityTag weak1{"\"1\"", true};
  const EntityTag weak2{"\"2\"", true};
  const EntityTag strong1{"\"1\"", false};
  EXPECT_FALSE(equal_strongly(weak1, weak1));
  EXPECT_TRUE(equal_weakly(weak1, weak1));
  EXPECT_FALSE(equal_strongly(weak1, weak2));
  EXPECT_FALSE(equal_weakly(weak1, weak2));
  EXPECT_FALSE(equal_strongly(weak1, strong1));
  EXPECT_TRUE(equal_weakly(weak1, strong1));
  EXPECT_TRUE(equal_strongly(strong1, strong1));
  EXPECT_TRUE(equal_weakly(strong1, strong1));
}

TEST(EntityTags, are_matched_against_lists) {
  struct Row {
    const char* value;
    TagMatch strong;
    TagMatch weak;
  };
  constexpr auto matches = TagMatch::matches;
  constexpr auto differs = TagMatch::differs;
  constexpr auto invalid = TagMatch::invalid;
  constexpr Row rows[] = {
      {"*", matches, matches},
      {" * ", matches, matches},
      {"\"a\"", matches, matches},
      {"W/\"a\"", differs, matches},
      {"\"b\"", differs, differs},
      {"\"b\", \"a\"", matches, matches},
      {"\"b\",\"a\"", matches, matches},
      {",\"b\" , ,W/\"a\",", differs, matches},
      {"\"a,b\", \"c\"", differs, differs},
      {"\"\\\", \"a\"", matches, matches},
      {"", invalid, invalid},
      {",", invalid, invalid},
      {"a", invalid, invalid},
      {"\"a\", b", invalid, invalid},
      {"\"a\" \"b\"", invalid, invalid},
      {"\"a", invalid, invalid},
      {"*, \"a\"", invalid, invalid},
      {"\"a\", *", invalid, invalid},
  };
  const EntityTag current{"\"a\"", false};
  for (const Row& row : rows) {
    EXPECT_EQ(match_tags(row.value, current, TagComparison::strong), row.strong) << row.value;
    EXPECT_EQ(match_tags(row.value, current, TagComparison::weak), row.weak) << row.value;
  }
}

std::string ranges(std::string_view value, std::uint64_t size, std::size_t room_size = 4) {
  std::vector<ByteRange> room(room_size);
  const Ranges found = parse_ranges(value, size, room);
  std::string text;
  switch (found.outcome) {
    case RangeOutcome::ignored: return "ignored";
    case RangeOutcome::unsatisfiable: return "unsatisfiable";
    case RangeOutcome::too_many: return "too many";
    case RangeOutcome::satisfiable: break;
  }
  for (std::size_t at = 0; at < found.count; ++at) {
    text +=
        (at == 0 ? "" : " ") + std::to_string(room[at].first) + "-" + std::to_string(room[at].last);
  }
  return text;
}

// RFC 9110 14.1.2, 14.2, 15.5.17
TEST(Range, is_resolved_row_by_row) {
  struct Row {
    const char* value;
    std::uint64_t size;
    const char* expected;
  };
  constexpr Row rows[] = {
      {"bytes=0-499", 1000, "0-499"},
      {"bytes=500-999", 1000, "500-999"},
      {"bytes=500-", 1000, "500-999"},
      {"bytes=-500", 1000, "500-999"},
      {"bytes=0-0,-1", 1000, "0-0 999-999"},
      {"bytes= 0-1 , 4-5", 1000, "0-1 4-5"},
      {"bytes=,0-1,,", 1000, "0-1"},
      {"Bytes=0-1", 1000, "0-1"},
      {"bytes=0-9999", 1000, "0-999"},
      {"bytes=0-99999999999999999999999999", 1000, "0-999"},
      {"bytes=-9999", 1000, "0-999"},
      {"bytes=-99999999999999999999999999", 1000, "0-999"},
      {"bytes=999-", 1000, "999-999"},
      {"bytes=1000-", 1000, "unsatisfiable"},
      {"bytes=1000-2000", 1000, "unsatisfiable"},
      {"bytes=99999999999999999999999999-", 1000, "unsatisfiable"},
      {"bytes=-0", 1000, "unsatisfiable"},
      {"bytes=2000-,0-1", 1000, "0-1"},
      {"bytes=0-", 0, "unsatisfiable"},
      {"bytes=-5", 0, "ignored"},
      {"bytes=-0", 0, "unsatisfiable"},
      {"bytes=5-4", 1000, "ignored"},
      {"bytes=0-1,5-4", 1000, "ignored"},
      {"bytes=-", 1000, "ignored"},
      {"bytes=", 1000, "ignored"},
      {"bytes=a-b", 1000, "ignored"},
      {"bytes=0-1x", 1000, "ignored"},
      {"bytes=0 - 1", 1000, "ignored"},
      {"bytes=+0-1", 1000, "ignored"},
      {"bytes=--1", 1000, "ignored"},
      {"bytes=1", 1000, "ignored"},
      {"bytes", 1000, "ignored"},
      {"bytes 0-1", 1000, "ignored"},
      {" bytes=0-1", 1000, "ignored"},
      {"bytes =0-1", 1000, "ignored"},
      {"lines=0-1", 1000, "ignored"},
      {"", 1000, "ignored"},
      {"bytes=0-0,1-1,2-2,3-3", 1000, "0-0 1-1 2-2 3-3"},
      {"bytes=0-0,1-1,2-2,3-3,4-4", 1000, "too many"},
      {"bytes=0-0,1-1,2-2,3-3,4-4,x", 1000, "ignored"},
  };
  for (const Row& row : rows) EXPECT_EQ(ranges(row.value, row.size), row.expected) << row.value;
}

TEST(Range, of_the_largest_size_does_not_overflow) {
  EXPECT_EQ(ranges("bytes=-1", max_length), "9223372036854775806-9223372036854775806");
  EXPECT_EQ(ranges("bytes=0-", max_length), "0-9223372036854775806");
}

TEST(Range, overlaps_are_joined) {
  std::array<ByteRange, 5> some = {{{10, 19}, {40, 49}, {15, 25}, {26, 30}, {0, 8}}};
  const std::size_t count = join_ranges(some);
  ASSERT_EQ(count, 3U);
  EXPECT_EQ(some[0], (ByteRange{10, 30}));
  EXPECT_EQ(some[1], (ByteRange{40, 49}));
  EXPECT_EQ(some[2], (ByteRange{0, 8}));
  std::array<ByteRange, 3> chain = {{{0, 1}, {4, 5}, {2, 3}}};
  EXPECT_EQ(join_ranges(chain), 1U);
  EXPECT_EQ(chain[0], (ByteRange{0, 5}));
  EXPECT_EQ(join_ranges({}), 0U);
}

// RFC 9110 14.4
TEST(ContentRange, is_read_row_by_row) {
  const auto full = parse_content_range("bytes 42-1233/1234");
  ASSERT_TRUE(full && full->range && full->complete_size);
  EXPECT_EQ(*full->range, (ByteRange{42, 1233}));
  EXPECT_EQ(*full->complete_size, 1234U);
  const auto open = parse_content_range("bytes 42-1233/*");
  ASSERT_TRUE(open && open->range);
  EXPECT_FALSE(open->complete_size);
  const auto unsatisfied = parse_content_range("bytes */1234");
  ASSERT_TRUE(unsatisfied && unsatisfied->complete_size);
  EXPECT_FALSE(unsatisfied->range);
  for (const char* text :
       {"", "bytes", "bytes 1-2", "bytes */*", "bytes 2-1/3", "bytes 0-3/3", "bytes=0-1/2",
        "lines 0-1/2", "bytes 0-1/", "bytes -1/2", "bytes 0-/2", "bytes  0-1/2", "bytes 0-1/2 ",
        "bytes 0-1/99999999999999999999", "bytes 0/2", "/ bytes"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

}  // namespace
}  // namespace http1
