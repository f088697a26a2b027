// Which user and which groups the text of --user names, and which texts it refuses.
#include "apps/server/process/user.h"

#include <algorithm>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

bool is_root() { return ::geteuid() == 0; }

// The exit status, or 0 where the user may be used. An ordinary user gets 77 instead of 0.
int status_of(const std::string& text) {
  User user;
  return find_user(text, user).status;
}
int usable() { return is_root() ? EX_OK : EX_NOPERM; }

TEST(User, may_be_a_number_with_a_group_that_no_database_has) {
  User user;
  EXPECT_EQ(find_user("65432:65433", user).status, usable());
  EXPECT_TRUE(user.is_set());
  EXPECT_EQ(user.uid, 65432U);
  EXPECT_EQ(user.gid, 65433U);
  EXPECT_EQ(user.groups, std::vector<gid_t>{65433});
}

TEST(User, has_the_groups_of_the_database) {
  User user;
  EXPECT_EQ(find_user("daemon", user).status, usable());
  EXPECT_EQ(user.uid, 1U);
  EXPECT_EQ(user.gid, 1U);
  EXPECT_NE(std::find(user.groups.begin(), user.groups.end(), 1U), user.groups.end());
  User by_number;
  EXPECT_EQ(find_user("1", by_number).status, usable());
  EXPECT_EQ(by_number.gid, user.gid);
  EXPECT_EQ(by_number.groups, user.groups);
}

TEST(User, has_the_group_that_is_named_instead) {
  User user;
  EXPECT_EQ(find_user("daemon:bin", user).status, usable());
  EXPECT_EQ(user.uid, 1U);
  EXPECT_EQ(user.gid, 2U);
  EXPECT_NE(std::find(user.groups.begin(), user.groups.end(), 2U), user.groups.end());
  EXPECT_EQ(find_user("daemon:77", user).status, usable());
  EXPECT_EQ(user.gid, 77U);
}

TEST(User, that_does_not_exist_is_refused) {
  EXPECT_EQ(status_of("no-such-user"), EX_NOUSER);
  EXPECT_EQ(status_of("daemon:no-such-group"), EX_NOUSER);
  EXPECT_EQ(status_of("3999999999"), EX_NOUSER) << "a number without an entry needs a group";
  EXPECT_EQ(status_of("4294967295:1"), EX_NOUSER) << "the number that changes nothing";
  EXPECT_EQ(status_of("1:4294967295"), EX_NOUSER);
}

TEST(User, of_another_form_is_refused) {
  for (const char* const text : {":", ":bin", "daemon:"}) {
    EXPECT_EQ(status_of(text), EX_USAGE) << text;
  }
}

TEST(User, root_is_refused) {
  EXPECT_EQ(status_of("root"), EX_USAGE);
  EXPECT_EQ(status_of("0:65534"), EX_USAGE);
}

TEST(User, that_runs_the_process_already_needs_no_root) {
  if (is_root()) GTEST_SKIP() << "root is no user to become";
  User user;
  const std::string text = std::to_string(::geteuid()) + ":" + std::to_string(::getegid());
  EXPECT_EQ(find_user(text, user).status, EX_OK);
  EXPECT_FALSE(become_user(user));
}

TEST(User, none_changes_nothing) {
  const uid_t before = ::geteuid();
  EXPECT_FALSE(become_user(User{}));
  EXPECT_EQ(::geteuid(), before);
}

}  // namespace
}  // namespace server
