// Which names users and tokens may have.
#include "apps/options/user_name.h"

#include <string>

#include <gtest/gtest.h>

namespace options {
namespace {

TEST(UserName, IsAnyWordWithoutAColon) {
  for (const char* name : {"a", "alice", "alice@example.org", "j\xc3\xbcrgen", "ci-1", "Anyone"}) {
    EXPECT_TRUE(is_user_name(name)) << name;
  }
  for (const char* name :
       {"", " ", "a b", "a\tb", "a:b", "cert:a", "a\n", "\x7f", "anyone", "users"}) {
    EXPECT_FALSE(is_user_name(name)) << name;
  }
  EXPECT_TRUE(is_user_name(std::string(255, 'a')));
  EXPECT_FALSE(is_user_name(std::string(256, 'a')));
}

}  // namespace
}  // namespace options
