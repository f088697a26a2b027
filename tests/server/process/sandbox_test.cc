// What a server in its sandbox can change without a restart. The layers are tested in
// escape_test.cc and tests/end_to_end/sandbox_test.cc.
#include "apps/server/process/sandbox.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/process/landlock.h"
#include "tests/server/world.h"

namespace server {
namespace {

// The status of check_change() in a process that has entered the sandbox with `before`.
int status_of_change(const Config& before, const Config& next) {
  const lab::Folder root;
  const pid_t child = ::fork();
  if (child == 0) {
    Sandbox sandbox;
    sandbox.enter(before, root.fd());
    ::_exit(sandbox.check_change(next).status);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Sandbox, of_a_read_only_server_does_not_become_writable) {
  if (is_instrumented || Landlock().version() == 0) GTEST_SKIP() << "no Landlock here";
  const Config read_only;
  Config writable;
  writable.site.writable = true;
  EXPECT_EQ(status_of_change(read_only, writable), EX_CONFIG);
  EXPECT_EQ(status_of_change(read_only, read_only), EX_OK);
  EXPECT_EQ(status_of_change(writable, read_only), EX_OK);
  EXPECT_EQ(status_of_change(writable, writable), EX_OK);
}

TEST(Sandbox, has_the_directories_of_the_logs_that_it_began_with) {
  if (is_instrumented || Landlock().version() == 0) GTEST_SKIP() << "no Landlock here";
  const lab::Folder place;
  place.put("logs/one", "");
  place.put("other/one", "");
  const auto with = [](const std::string& log) {
    Config config;
    config.access_log = log;
    return config;
  };
  const Config before = with(place / "logs/one");
  for (const std::string& log : {std::string(place / "logs/one"), std::string(place / "logs/two"),
                                 std::string("-"), std::string("off")}) {
    EXPECT_EQ(status_of_change(before, with(log)), EX_OK) << log;
  }
  for (const std::string& log : {std::string(place / "other/one"), std::string(place / "logs-2"),
                                 std::string("/dev/null")}) {
    EXPECT_EQ(status_of_change(before, with(log)), EX_CONFIG) << log;
  }
  EXPECT_EQ(status_of_change(with("/dev/null"), with("/dev/null")), EX_OK);
  EXPECT_EQ(status_of_change(with("/dev/null"), with("/dev/zero")), EX_CONFIG);
}

TEST(Sandbox, that_is_off_refuses_nothing) {
  Config before;
  before.sandbox = false;
  Config next = before;
  next.site.writable = true;
  EXPECT_EQ(status_of_change(before, next), EX_OK);
}

}  // namespace
}  // namespace server
