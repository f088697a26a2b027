// inotify watches: which events arrive, for which watch and with which name.
#include "apps/server/files/watches.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::open_file;
using lab::write_to;
using uring::Fd;

class WatchesTest : public ::testing::Test {
 protected:
  // The watch and the name of each event since the last call.
  std::vector<std::pair<WatchId, std::string>> events() {
    std::vector<std::pair<WatchId, std::string>> all;
    Change change;
    while (watches.next(change)) {
      EXPECT_FALSE(change.is_lost);
      all.emplace_back(change.watch, change.name);
    }
    return all;
  }

  lab::Folder folder;
  Watches watches;
};

TEST_F(WatchesTest, have_no_descriptor_before_the_first_watch) {
  EXPECT_EQ(watches.events(), -1);
  EXPECT_TRUE(events().empty());
  EXPECT_NE(watches.watch_directory(folder.fd()), no_watch);
  EXPECT_GE(watches.events(), 0);
  EXPECT_TRUE(events().empty());
}

TEST_F(WatchesTest, report_the_names_that_change_in_a_directory) {
  const WatchId watch = watches.watch_directory(folder.fd());
  folder.put("file", "");
  fs::create_directory(folder / "below");
  fs::rename(folder / "file", folder / "renamed");
  std::vector<std::string> names;
  bool is_directory = false;
  Change change;
  while (watches.next(change)) {
    EXPECT_EQ(change.watch, watch);
    if (change.name == "below") is_directory = change.is_directory;
    if (names.empty() || names.back() != change.name) names.emplace_back(change.name);
  }
  // utimensat() of put() is the second event of "file".
  EXPECT_EQ(names, (std::vector<std::string>{"file", "below", "file", "renamed"}));
  EXPECT_TRUE(is_directory);
}

TEST_F(WatchesTest, report_a_change_of_a_file_without_a_name) {
  folder.put("file", "content");
  const Fd file = open_file(folder / "file", O_RDONLY);
  const WatchId watch = watches.watch_file(file.get());
  ASSERT_NE(watch, no_watch);
  write_to(open_file(folder / "file", O_WRONLY).get());
  const auto all = events();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.front(), std::make_pair(watch, std::string()));
}

// Two names of one inode have one watch, whether it is watched by its descriptor or by its path.
TEST_F(WatchesTest, have_one_number_for_each_inode) {
  folder.put("file", "content");
  fs::create_hard_link(folder / "file", folder / "link");
  fs::create_symlink("file", folder / "symbolic");
  const lab::WorkingDirectory working_directory(folder.fd());
  const WatchId watch = watches.watch_file(open_file(folder / "file", O_RDONLY).get());
  EXPECT_EQ(watches.watch_path("file"), watch);
  EXPECT_EQ(watches.watch_path("link"), watch);
  EXPECT_NE(watches.watch_path("symbolic"), watch) << "the link itself is watched";
}

TEST_F(WatchesTest, refuse_a_file_as_a_directory_and_a_missing_path) {
  folder.put("file", "content");
  EXPECT_EQ(watches.watch_directory(open_file(folder / "file", O_RDONLY).get()), no_watch);
  EXPECT_EQ(watches.watch_path((folder / "none").c_str()), no_watch);
}

TEST_F(WatchesTest, report_nothing_after_they_were_removed) {
  const WatchId watch = watches.watch_directory(folder.fd());
  watches.remove(watch);
  events();  // IN_IGNORED
  folder.put("file", "content");
  EXPECT_TRUE(events().empty());
}

// More events than one read returns, with names of every length.
TEST_F(WatchesTest, report_each_of_many_events) {
  watches.watch_directory(folder.fd());
  for (std::size_t length = 1; length <= 255; ++length) {
    open_file(folder / std::string(length, 'x'), O_WRONLY | O_CREAT);
  }
  const auto all = events();
  ASSERT_EQ(all.size(), 255U);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].second, std::string(i + 1, 'x'));
}

TEST_F(WatchesTest, say_when_events_were_lost) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 100'000) GTEST_SKIP() << "the queue holds " << most;
  watches.watch_directory(folder.fd());
  const fs::path path = folder / "file";
  for (std::size_t i = 0; i <= most / 2; ++i) {
    open_file(path, O_WRONLY | O_CREAT);
    fs::remove(path);
  }
  Change change;
  bool is_lost = false;
  while (watches.next(change)) is_lost = change.is_lost;
  EXPECT_TRUE(is_lost) << "the last event says so";
}

}  // namespace
}  // namespace server
