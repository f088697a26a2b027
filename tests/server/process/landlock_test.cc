// A list of directories, in a thread of its own: what it allows, and what it refuses.
#include "apps/server/process/landlock.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/process/sandbox.h"
#include "tests/server/world.h"

namespace server {
namespace {

class LandlockRules : public testing::Test {
 protected:
  void SetUp() override {
    if (is_instrumented) GTEST_SKIP() << "a sanitizer leaves out the sandbox";
    if (Landlock().version() == 0) GTEST_SKIP() << "no Landlock here";
    place.put("in/file", "hello");
    place.put("out/file", "hello");
  }

  // Runs `then` in a thread that the rules restrict. The rules hold for no other thread.
  void restricted(const std::function<void(Landlock&)>& allow, const std::function<void()>& then) {
    std::thread([&] {
      Landlock rules;
      allow(rules);
      ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
      ASSERT_TRUE(rules.enter());
      then();
    }).join();
  }
  int try_open(std::string_view name, int flags) const {
    const uring::Fd file(::open((place / name).c_str(), flags | O_CLOEXEC, 0600));
    return file.valid() ? 0 : errno;
  }

  lab::Folder place;
};

TEST_F(LandlockRules, allow_reading_below_a_directory_and_nothing_else) {
  restricted([&](Landlock& rules) { rules.allow(place / "in", Landlock::read); },
             [&] {
               EXPECT_EQ(try_open("in/file", O_RDONLY), 0);
               EXPECT_EQ(try_open("in", O_RDONLY | O_DIRECTORY), 0);
               EXPECT_EQ(try_open("in/file", O_WRONLY), EACCES);
               EXPECT_EQ(try_open("in/new", O_WRONLY | O_CREAT), EACCES);
               EXPECT_EQ(try_open("out/file", O_RDONLY), EACCES);
               EXPECT_EQ(try_open("in/../out/file", O_RDONLY), EACCES);
             });
  EXPECT_EQ(try_open("out/file", O_RDONLY), 0) << "this thread is not restricted";
}

TEST_F(LandlockRules, allow_every_change_below_a_directory) {
  restricted([&](Landlock& rules) { rules.allow(place / "in", Landlock::change); },
             [&] {
               namespace fs = std::filesystem;
               EXPECT_EQ(try_open("in/new", O_WRONLY | O_CREAT | O_TRUNC), 0);
               EXPECT_EQ(::mkdir((place / "in/folder").c_str(), 0700), 0);
               std::error_code error;
               fs::rename(place / "in/new", place / "in/folder/new", error);
               EXPECT_EQ(error.value(), 0) << "from one directory into another";
               fs::rename(place / "in/folder/new", place / "in/file", error);
               EXPECT_EQ(error.value(), 0) << "onto a name";
               EXPECT_EQ(::rmdir((place / "in/folder").c_str()), 0);
               EXPECT_EQ(::unlink((place / "in/file").c_str()), 0);
               EXPECT_EQ(::symlink("file", (place / "in/link").c_str()), -1);
               EXPECT_EQ(errno, EACCES);
             });
}

TEST_F(LandlockRules, allow_a_log_to_be_created_and_appended_to_but_not_to_be_read) {
  restricted([&](Landlock& rules) { rules.allow(place / "in", Landlock::append); },
             [&] {
               EXPECT_EQ(try_open("in/log", O_WRONLY | O_APPEND | O_CREAT), 0);
               EXPECT_EQ(try_open("in/log", O_WRONLY | O_APPEND), 0);
               EXPECT_EQ(try_open("in/log", O_RDONLY), EACCES);
               EXPECT_EQ(::unlink((place / "in/log").c_str()), -1);
               EXPECT_EQ(errno, EACCES);
             });
}

TEST_F(LandlockRules, allow_one_file) {
  restricted([&](Landlock& rules) { rules.allow(place / "in/file", Landlock::change); },
             [&] {
               EXPECT_EQ(try_open("in/file", O_RDWR), 0);
               EXPECT_EQ(try_open("in/new", O_WRONLY | O_CREAT), EACCES);
             });
}

TEST_F(LandlockRules, ignore_a_path_that_leads_to_nothing) {
  restricted([&](Landlock& rules) { rules.allow(place / "none", Landlock::change); },
             [&] { EXPECT_EQ(try_open("in/file", O_RDONLY), EACCES); });
}

TEST_F(LandlockRules, name_what_the_kernel_cannot_restrict) {
  const Landlock rules;
  const bool is_complete = rules.version() >= 6;
  EXPECT_EQ(rules.unrestricted().empty(), is_complete) << rules.unrestricted();
}

}  // namespace
}  // namespace server
