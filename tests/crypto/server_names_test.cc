// Host names and wildcards.
#include "apps/crypto/server_names.h"

#include <string>

#include <gtest/gtest.h>

namespace crypto {
namespace {

ServerNames some_names() {
  ServerNames names;
  names.add("example.org", 0);
  names.add("*.example.org", 1);
  names.add("www.example.org", 2);
  names.add("Example.ORG", 3);
  names.add("*.org.", 4);
  names.add("", 5);
  return names;
}

TEST(ServerName, is_found_without_regard_to_case) {
  EXPECT_EQ(some_names().find("example.org"), 0U);
  EXPECT_EQ(some_names().find("EXAMPLE.org."), 0U);
}

TEST(ServerName, comes_before_a_wildcard) {
  EXPECT_EQ(some_names().find("www.example.org"), 2U);
  EXPECT_EQ(some_names().find("files.example.org"), 1U);
}

TEST(Wildcard, stands_for_one_label) {
  EXPECT_EQ(some_names().find("a.b.example.org"), ServerNames::none);
  EXPECT_EQ(some_names().find("other.org"), 4U);
  EXPECT_EQ(some_names().find(".example.org"), ServerNames::none);
  EXPECT_EQ(some_names().find("org"), ServerNames::none);
}

TEST(ServerName, is_none_of_those_that_are_empty_or_too_long) {
  EXPECT_EQ(some_names().find(""), ServerNames::none);
  EXPECT_EQ(some_names().find(std::string(300, 'a') + ".example.org"), ServerNames::none);
}

}  // namespace
}  // namespace crypto
