// --user: the server opens what needs root, and serves as an ordinary user.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/other_users.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::Finished;
using test_support::get;
using test_support::put;
using test_support::quoitd_path;
using test_support::run;
using test_support::Scratch;
using test_support::Site;

// A user of no database, so that no file of the machine is its own.
const std::string user = "64321:64322";
constexpr uid_t uid = 64321;
constexpr gid_t gid = 64322;

// The words of the line of /proc/PID/status that begins with `name`, each after a tab.
std::string status_line(const Site& site, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(site.process().pid()) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return line.substr(name.size() + 1);
  }
  return {};
}

struct stat status_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status;
}

class UserOption : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = test_support::why_no_other_user(); !why.empty()) {
      GTEST_SKIP() << why;
    }
    place.make_directory("served");
    place.make_directory("logs");
    place.write("served/a", "hello");
    ASSERT_EQ(::chmod(place.path().c_str(), 0755), 0);
  }
  void give(const std::string& name) { ASSERT_EQ(::chown(place.path(name).c_str(), uid, gid), 0); }

  const Scratch place;
};

TEST_F(UserOption, leaves_no_privilege_of_root) {
  const Site site({"--user", user}, {.served = place.path("served")});
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
  EXPECT_EQ(status_line(site, "Uid"), "\t64321\t64321\t64321\t64321");
  EXPECT_EQ(status_line(site, "Gid"), "\t64322\t64322\t64322\t64322");
  EXPECT_EQ(status_line(site, "Groups").find_first_not_of("\t 64322"), std::string::npos);
  for (const char* const set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(status_line(site, set), "\t0000000000000000") << set;
  }
}

TEST_F(UserOption, owns_what_is_stored_and_is_refused_what_it_may_not_write) {
  const Site site({"--user", user, "--writable"}, {.served = place.path("served")});
  EXPECT_TRUE(site.process().wait_for_err("cannot be written by this user (uid 64321)"));
  EXPECT_EQ(site.ask(put("/b", "new")).status, 403);
  give("served");
  EXPECT_EQ(site.ask(put("/b", "new")).status, 201);
  EXPECT_EQ(status_of(place.path("served/b")).st_uid, uid);
  EXPECT_EQ(status_of(place.path("served/b")).st_gid, gid);
}

TEST_F(UserOption, owns_a_new_log_and_opens_it_again) {
  give("logs");
  const std::string log = place.path("logs/access");
  const Site site({"--user", user, "--access-log", log}, {.served = place.path("served")});
  EXPECT_EQ(status_of(log).st_uid, uid);
  EXPECT_EQ(status_of(log).st_gid, gid);
  ASSERT_EQ(::rename(log.c_str(), place.path("logs/old").c_str()), 0);
  site.signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] { return place.exists("logs/access"); }));
  EXPECT_EQ(site.ask(get("/a")).status, 200);
  EXPECT_TRUE(eventually(
      [&] { return place.read("logs/access").value_or("").find("GET /a ") != std::string::npos; }));
}

TEST_F(UserOption, leaves_a_log_that_exists_to_its_owner_and_goes_on_with_it) {
  place.write("logs/access", "before\n");
  const std::string log = place.path("logs/access");
  const Site site({"--user", user, "--access-log", log}, {.served = place.path("served")});
  EXPECT_EQ(status_of(log).st_uid, 0U);
  site.signal(SIGUSR1);
  EXPECT_TRUE(site.process().wait_for_err("cannot reopen the log " + log));
  EXPECT_EQ(site.ask(get("/a")).status, 200);
  EXPECT_TRUE(eventually(
      [&] { return place.read("logs/access").value_or("").find("GET /a ") != std::string::npos; }));
}

// Root starts each of them.
TEST_F(UserOption, is_replaced_by_another_server_of_the_user) {
  const std::vector<std::string> options = {"--user", user, "--control", place.path("control")};
  Site first(options, {.served = place.path("served")});
  Site second(options, {.served = place.path("served")});
  EXPECT_EQ(first.wait(), 0) << first.process().err();
  EXPECT_EQ(second.port(), first.port());
  EXPECT_EQ(second.ask(get("/a")).body, "hello");
  EXPECT_EQ(status_line(second, "Uid"), "\t64321\t64321\t64321\t64321");
  second.stop();
  // The user may not write in the directory of the control socket: the next start replaces the
  // file.
  EXPECT_TRUE(place.exists("control"));
  const Site third(options, {.served = place.path("served")});
  EXPECT_EQ(third.ask(get("/a")).body, "hello");
}

TEST_F(UserOption, must_reach_the_root) {
  ASSERT_EQ(::chmod(place.path().c_str(), 0700), 0);
  const Finished finished =
      run({quoitd_path(), "--listen", "127.0.0.1:0", "--user", user, place.path("served")});
  EXPECT_EQ(finished.status, 77);
  EXPECT_NE(finished.err.find("Permission denied"), std::string::npos) << finished.err;
}

TEST(User, that_does_not_exist_is_an_error) {
  const Scratch root;
  const Finished finished =
      run({quoitd_path(), "--listen", "127.0.0.1:0", "--user", "no-such-user", root.path()});
  EXPECT_EQ(finished.status, 67);
  EXPECT_NE(finished.err.find("there is no user 'no-such-user'"), std::string::npos);
}

TEST(User, other_than_the_present_one_needs_root) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may become every user";
  const Scratch root;
  const Finished finished =
      run({quoitd_path(), "--listen", "127.0.0.1:0", "--user", user, root.path()});
  EXPECT_EQ(finished.status, 77);
  EXPECT_NE(finished.err.find("start quoitd as root"), std::string::npos) << finished.err;
}

}  // namespace
