// Items and dictionaries of RFC 9651: tables.
#include "parser/structured_fields.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace http1 {
namespace {

using Kind = StructuredItem::Kind;

struct ItemRow {
  const char* value;
  std::optional<Kind> kind;
  std::int64_t integer = 0;
  const char* text = "";
};

const std::vector<ItemRow> item_rows = {
    {"0", Kind::integer, 0},
    {"-0", Kind::integer, 0},
    {"007", Kind::integer, 7},
    {"  42  ", Kind::integer, 42},
    {"-42", Kind::integer, -42},
    {"999999999999999", Kind::integer, 999'999'999'999'999},
    {"-999999999999999", Kind::integer, -999'999'999'999'999},
    {"1000000000000000", {}},
    {"-", {}},
    {"--1", {}},
    {"+1", {}},
    {"1 2", {}},
    {"1,2", {}},
    {"0x1", {}},
    {"1e3", {}},
    {"1.5", Kind::decimal, 1, "1.5"},
    {"-1.125", Kind::decimal, -1, "-1.125"},
    {"123456789012.1", Kind::decimal, 123'456'789'012, "123456789012.1"},
    {"1234567890123.1", {}},
    {"1.", {}},
    {"1.1234", {}},
    {".5", {}},
    {"?0", Kind::boolean, 0},
    {"?1", Kind::boolean, 1},
    {" ?1 ", Kind::boolean, 1},
    {"?2", {}},
    {"?", {}},
    {"?T", {}},
    {"?10", {}},
    {"\t?1", {}},
    {"?1\t", {}},
    {"true", Kind::token, 0, "true"},
    {"*a/b:c", Kind::token, 0, "*a/b:c"},
    {"a b", {}},
    {"\"a \\\"b\\\\\"", Kind::string, 0, "a \\\"b\\\\"},
    {"\"\"", Kind::string, 0, ""},
    {"\"a", {}},
    {"\"a\\", {}},
    {"\"\\a\"", {}},
    {"\"\xc3\xa4\"", {}},
    {"::", Kind::bytes, 0, ""},
    {":aGk=:", Kind::bytes, 0, "aGk="},
    {":aGk:", Kind::bytes, 0, "aGk"},
    {":aGk=", {}},
    {":a Gk:", {}},
    {":a-_:", {}},
    {"@1659578233", Kind::date, 1'659'578'233},
    {"@-1", Kind::date, -1},
    {"@1.5", {}},
    {"@", {}},
    {"%\"a%c3%a4\"", Kind::display_string, 0, "a%c3%a4"},
    {"%\"a%C3\"", {}},
    {"%\"a%c\"", {}},
    {"%a", {}},
    {"?0;x=1", Kind::boolean, 0},
    {"?0;x", Kind::boolean, 0},
    {"?0; x=\"a;b\";y=?1;z=:aa==:", Kind::boolean, 0},
    {"?0 ;x=1", {}},
    {"?0;", {}},
    {"?0;X=1", {}},
    {"?0;x=", {}},
    {"?0;x=(1)", {}},
    {"", {}},
    {" ", {}},
    {"(1 2)", {}},
    {"?1, ?1", {}},
};

TEST(StructuredFields, items_are_parsed_or_refused) {
  for (const ItemRow& row : item_rows) {
    const std::optional<StructuredItem> item = parse_item(row.value);
    EXPECT_EQ(item.has_value(), row.kind.has_value()) << row.value;
    if (!item || !row.kind) continue;
    EXPECT_EQ(item->kind, *row.kind) << row.value;
    EXPECT_EQ(item->integer, row.integer) << row.value;
    EXPECT_EQ(item->text, row.text) << row.value;
  }
}

TEST(StructuredFields, an_item_of_another_type_is_absent) {
  EXPECT_EQ(parse_boolean("?1;x"), true);
  EXPECT_EQ(parse_boolean("?0"), false);
  EXPECT_EQ(parse_integer("12;x"), 12);
  for (const char* value : {"1", "true", "\"?1\"", ":?1:", "", "?1,"}) {
    EXPECT_FALSE(parse_boolean(value)) << value;
  }
  for (const char* value : {"?1", "1.0", "\"1\"", "@1", "", "1,"}) {
    EXPECT_FALSE(parse_integer(value)) << value;
  }
}

struct DictionaryRow {
  const char* value;
  const char* members;  // "KEY=KIND:TEXT|" for each; a "!" where it is malformed
};

const std::vector<DictionaryRow> dictionary_rows = {
    {"", ""},
    {"  ", ""},
    {"a=1", "a=i1|"},
    {"a=1, b=?0,c", "a=i1|b=b0|c=b1|"},
    {"a=1 \t,\t b=2  ", "a=i1|b=i2|"},
    {"a=1,a=2", "a=i1|a=i2|"},
    {"sha-256=:aGk=:;x, *.-_9=:b:", "sha-256=y:aGk=|*.-_9=y:b|"},
    {"a;x=1;y, b=(1 \"b)\" c;d);e", "a=b1|b=l:1 \"b)\" c;d|"},
    {"a=()", "a=l:|"},
    {"a=( 1  2 )", "a=l: 1  2 |"},
    {",", "!"},
    {"a,", "a=b1|!"},
    {"a=1,,b=2", "a=i1|!"},
    {"a=1 b=2", "a=i1|!"},
    {"a=", "!"},
    {"a =1", "a=b1|!"},
    {"A=1", "!"},
    {"1=1", "!"},
    {"=1", "!"},
    {"a=(1", "!"},
    {"a=(1,2)", "!"},
    {"a=(1\"b\")", "!"},
    {"a=((1))", "!"},
    {"a=1;", "!"},
    {"\"a\"=1", "!"},
    {"a=:b", "!"},
};

std::string describe(const StructuredItem& item) {
  const std::string text = ":" + std::string(item.text);
  switch (item.kind) {
    case Kind::integer: return "i" + std::to_string(item.integer);
    case Kind::boolean: return "b" + std::to_string(item.integer);
    case Kind::bytes: return "y" + text;
    case Kind::inner_list: return "l" + text;
    default: return "?" + text;
  }
}

TEST(StructuredFields, members_of_dictionaries_come_in_their_order) {
  for (const DictionaryRow& row : dictionary_rows) {
    DictionaryReader reader(row.value);
    std::string members;
    std::string_view key;
    StructuredItem item;
    auto outcome = reader.next(key, item);
    for (; outcome == DictionaryReader::Outcome::member; outcome = reader.next(key, item)) {
      members.append(key).append("=").append(describe(item)).append("|");
    }
    if (outcome == DictionaryReader::Outcome::malformed) members += "!";
    EXPECT_EQ(members, row.members) << row.value;
    EXPECT_EQ(reader.next(key, item), DictionaryReader::Outcome::end) << row.value;
  }
}

}  // namespace
}  // namespace http1
