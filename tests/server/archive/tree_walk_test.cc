// The files that an archive contains, on real directories.
#include "apps/server/archive/tree_walk.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using Step = TreeWalk::Step;
using Names = std::vector<std::string>;

class Walks : public ::testing::Test {
 protected:
  TreeWalk walk(const std::string& path) {
    uring::Fd directory(::openat(folder.fd(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EXPECT_TRUE(directory.valid()) << path;
    return {folder.fd(), std::move(directory), path, terms};
  }
  // All names in order, those of directories with a slash. `end` is how the walk ended.
  Names names(const std::string& path) {
    TreeWalk tree = walk(path);
    Names all;
    while ((end = tree.next()) != Step::end && end != Step::failed) {
      if (end == Step::file) all.emplace_back(tree.path());
      if (end == Step::directory) all.push_back(std::string(tree.path()) + "/");
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  lab::Folder folder;
  WalkTerms terms;
  Step end = Step::nothing;
};

TEST_F(Walks, find_all_files_and_directories_below) {
  folder.put("d/a", "x");
  folder.put("d/e/b", "y");
  folder.put("other", "z");
  std::filesystem::create_directories(folder / "d/empty");
  EXPECT_EQ(names("d"), (Names{"d/", "d/a", "d/e/", "d/e/b", "d/empty/"}));
  EXPECT_EQ(end, Step::end);
  EXPECT_EQ(names("d/e"), (Names{"e/", "e/b"}));
  EXPECT_EQ(names("."), (Names{"d/", "d/a", "d/e/", "d/e/b", "d/empty/", "other"}));
}

TEST_F(Walks, open_each_file_and_know_its_status) {
  folder.put("d/a", "hello");
  TreeWalk tree = walk("d");
  EXPECT_EQ(tree.next(), Step::directory);
  Step step = Step::nothing;
  while ((step = tree.next()) == Step::nothing) continue;
  ASSERT_EQ(step, Step::file);
  EXPECT_EQ(tree.status().st_size, 5);
  char bytes[5];
  EXPECT_EQ(::pread(tree.file(), bytes, 5, 0), 5);
  EXPECT_EQ(std::string(bytes, 5), "hello");
}

TEST_F(Walks, leave_out_what_no_listing_shows) {
  folder.put("d/a", "x");
  folder.put("d/.hidden", "x");
  folder.put("d/.quoit-0123456789abcdef.tmp", "x");
  folder.put("d/new\nline", "x");
  folder.put("up", "x");
  ASSERT_EQ(::mkfifo((folder / "d/pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/etc/hostname", folder / "d/outside");
  std::filesystem::create_symlink("nowhere", folder / "d/dangling");
  std::filesystem::create_symlink("loop", folder / "d/loop");
  std::filesystem::create_symlink("..", folder / "d/parent");
  std::filesystem::create_symlink("../up", folder / "d/link");
  EXPECT_EQ(names("d"), (Names{"d/", "d/a", "d/link"}));
  EXPECT_EQ(end, Step::end);
  terms.dot_files = true;
  EXPECT_EQ(names("d"), (Names{"d/", "d/.hidden", "d/a", "d/link"}));
}

TEST_F(Walks, leave_out_files_that_the_asker_may_not_read) {
  Rules rules;
  for (const char* text :
       {"anyone r", "users - /d/secret", "anyone - /d/secret", "anyone r /d/secret/open"}) {
    ASSERT_EQ(rules.add(text), "") << text;
  }
  rules.finish(true);
  folder.put("d/a", "x");
  folder.put("d/secret/b", "x");
  folder.put("d/secret/open/c", "x");
  terms.rules = &rules;
  EXPECT_EQ(names("d"), (Names{"d/", "d/a", "d/secret/", "d/secret/open/", "d/secret/open/c"}));
}

TEST_F(Walks, leave_out_files_that_the_server_may_not_read) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read all files";
  folder.put("d/a", "x");
  folder.put("d/b", "x");
  folder.put("d/e/c", "x");
  std::filesystem::permissions(folder / "d/b", std::filesystem::perms::none);
  std::filesystem::permissions(folder / "d/e", std::filesystem::perms::none);
  EXPECT_EQ(names("d"), (Names{"d/", "d/a"}));
  EXPECT_EQ(end, Step::end);
  std::filesystem::permissions(folder / "d/e", std::filesystem::perms::owner_all);
}

TEST_F(Walks, fail_below_too_many_directories) {
  std::string path = "d";
  for (std::size_t i = 1; i < TreeWalk::most_levels; ++i) path += "/d";
  folder.put(path + "/a", "x");
  EXPECT_EQ(names("d").size(), TreeWalk::most_levels + 1);
  EXPECT_EQ(end, Step::end);
  folder.put(path + "/d/a", "x");
  names("d");
  EXPECT_EQ(end, Step::failed);
}

TEST_F(Walks, go_on_when_files_and_directories_vanish) {
  for (int i = 0; i < 300; ++i) folder.put("d/file-" + std::to_string(i), "x");
  folder.put("d/e/f/a", "x");
  TreeWalk tree = walk("d");
  EXPECT_EQ(tree.next(), Step::directory);
  std::filesystem::remove_all(folder / "d");
  Step step = Step::nothing;
  while ((step = tree.next()) == Step::nothing || step == Step::file) continue;
  EXPECT_EQ(step, Step::end);
}

}  // namespace
}  // namespace server
