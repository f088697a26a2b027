// The table of methods, and what is derived from it.
#include "apps/server/plan/methods.h"

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Methods, of_the_table_are_those_of_Allow) {
  EXPECT_EQ(allowed_methods(Allowed::reading), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods(Allowed::files), "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE");
  EXPECT_EQ(allowed_methods(Allowed::uploads), "GET, HEAD, OPTIONS, DELETE, PATCH");
  EXPECT_EQ(allowed_methods(Allowed::all), "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE, PATCH");
}

TEST(Methods, have_one_row_each) {
  for (const MethodRule& rule : methods) EXPECT_EQ(rule_of(rule.method), &rule);
  EXPECT_EQ(rule_of(http1::Method::post), nullptr);
  EXPECT_EQ(rule_of(http1::Method::unknown), nullptr);
}

TEST(Methods, that_write_have_actions_that_change_files) {
  for (const MethodRule& rule : methods) EXPECT_EQ(rule.writes, changes_files(rule.action));
}

TEST(Methods, that_need_a_body_write) {
  for (const MethodRule& rule : methods) EXPECT_TRUE(rule.writes || !rule.needs_body);
}

}  // namespace
}  // namespace server
