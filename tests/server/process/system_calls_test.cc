// The table of system calls: the profile in packaging/ is made from it, and its names are in order.
#include "apps/server/process/system_calls.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(SystemCalls, of_the_profile_in_packaging_are_those_of_the_table) {
  std::ifstream file(std::string(SOURCE_DIR) + "/packaging/seccomp.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, container_profile()) << "./dev pages writes it";
}

TEST(SystemCalls, have_one_row_each_in_the_order_of_their_names) {
  std::set<std::string_view> names;
  for (const SystemCallGroup& group : system_calls()) {
    EXPECT_TRUE(
        std::is_sorted(group.calls.begin(), group.calls.end(),
                       [](const SystemCall& a, const SystemCall& b) { return a.name < b.name; }))
        << group.comment;
    for (const SystemCall& call : group.calls) EXPECT_TRUE(names.insert(call.name).second);
  }
}

// What a person who has read docs/operations.md relies on.
TEST(SystemCalls, that_leave_the_sandbox_are_not_for_a_running_server) {
  const std::set<std::string_view> refused = {
      "io_uring_setup", "io_uring_register", "execve",  "socket", "connect", "bind",   "kill",
      "chown",          "fchownat",          "unshare", "prctl",  "seccomp", "setuid", "setresuid",
      "capset",         "setgroups"};
  std::size_t found = 0;
  for (const SystemCallGroup& group : system_calls()) {
    for (const SystemCall& call : group.calls) {
      if (!refused.contains(call.name)) continue;
      ++found;
      EXPECT_EQ(call.use, SystemCall::Use::starting) << call.name;
    }
  }
  EXPECT_EQ(found, refused.size());
}

}  // namespace
}  // namespace server
