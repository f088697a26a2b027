// Names that a server suggests.
#include "apps/client/command/disposition.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Disposition, NamesAFile) {
  struct Row {
    std::string value;
    std::string name;  // empty: none
  };
  const std::vector<Row> rows = {
      {"attachment; filename=a.txt", "a.txt"},
      {"attachment; filename=\"a b.txt\"", "a b.txt"},
      {"attachment;filename = \"a;b.txt\" ; x=y", "a;b.txt"},
      {"inline; FILENAME=\"a\\\"b\"", "a\"b"},
      {"attachment; filename=old.txt; filename*=UTF-8''%e2%82%ac.txt", "\u20ac.txt"},
      {"attachment; filename*=utf-8'en'a%20b; filename=old.txt", "a b"},
      {"attachment; filename*=ISO-8859-1''%e9t%e9", "\u00e9t\u00e9"},
      {"attachment; filename*=KOI8-R''%c1; filename=a", "a"},
      {"attachment; filename*=UTF-8''%ff; filename=a", "a"},
      {"attachment; filename*=a; filename=b", "b"},
      {"attachment; x; filename=b", "b"},
      {"attachment; filename=\"/etc/passwd\"", "passwd"},
      {"attachment; filename=\"..\\\\..\\\\a.txt\"", "a.txt"},
      {"attachment; filename*=UTF-8''..%2f..%2fa.txt", "a.txt"},
      {"attachment; filename=\"\xc3\xa9\"", "\u00e9"},
      {"attachment; filename=\"a", "a"},
      {"attachment; filename=\".profile\"", ""},
      {"attachment; filename=\"..\"", ""},
      {"attachment; filename=\"dir/\"", ""},
      {"attachment; filename=\"\"", ""},
      {"attachment; filename=", ""},
      {"attachment; filename=\"a\tb\"", ""},
      {"attachment; filename*=UTF-8''a%00b", ""},
      {"attachment; filename*=UTF-8''a%0ab", ""},
      {"attachment; filename=\"\xff\"", ""},
      {"attachment; filename=" + std::string(256, 'a'), ""},
      {"attachment", ""},
      {"attachment; filename", ""},
      {"filename=a", ""},
      {"", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(suggested_name(row.value).value_or(""), row.name) << row.value;
  }
}

}  // namespace
}  // namespace client
