// Inherited sockets: the variables of a service manager, and the descriptors that they describe.
#include "apps/server/listen/inherited.h"

#include <gtest/gtest.h>

namespace server {
namespace {

constexpr pid_t own = 42;

TEST(InheritedNames, are_read_with_and_without_names) {
  const auto named = read_listen_variables("42", "3", "http:admin:", own);
  ASSERT_TRUE(named);
  EXPECT_EQ(named->count, 3U);
  EXPECT_EQ(named->names, (std::vector<std::string>{"http", "admin", ""}));
  const auto unnamed = read_listen_variables("42", "2", nullptr, own);
  ASSERT_TRUE(unnamed);
  EXPECT_EQ(unnamed->names, (std::vector<std::string>{"", ""}));
}

TEST(InheritedNames, have_as_many_entries_as_there_are_descriptors) {
  EXPECT_EQ(read_listen_variables("42", "1", "a:b:c", own)->names, (std::vector<std::string>{"a"}));
  EXPECT_EQ(read_listen_variables("42", "2", "a", own)->names, (std::vector<std::string>{"a", ""}));
}

TEST(InheritedNames, of_another_process_or_of_none_are_not_used) {
  EXPECT_EQ(read_listen_variables("41", "3", nullptr, own)->count, 0U);
  EXPECT_EQ(read_listen_variables(nullptr, "3", nullptr, own)->count, 0U);
  EXPECT_EQ(read_listen_variables("42", nullptr, nullptr, own)->count, 0U);
  EXPECT_EQ(read_listen_variables("42", "0", nullptr, own)->count, 0U);
}

TEST(InheritedNames, that_are_malformed_are_refused) {
  for (const char* pid : {"", "x", "42 ", "-42", "42x", "99999999999999999999"}) {
    EXPECT_FALSE(read_listen_variables(pid, "1", nullptr, own)) << pid;
  }
  for (const char* count : {"", "x", "-1", "256", "1 ", "99999999999999999999"}) {
    EXPECT_FALSE(read_listen_variables("42", count, nullptr, own)) << count;
  }
}

}  // namespace
}  // namespace server
