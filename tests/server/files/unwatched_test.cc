// Paths that cannot be watched: each lookup compares the file by stat(2).
#include <filesystem>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/files/file_cache.h"
#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::large_bytes;
using lab::pattern;
using lab::touch;
using lab::used_resources;

// A cache that may not watch anything.
class WithoutWatches : public lab::CacheTest {
 protected:
  static constexpr FileCache::Limits no_watches{.body_bytes = 5000, .watches = 0};
  WithoutWatches() : CacheTest(no_watches) {}
};

TEST_F(WithoutWatches, files_are_compared_at_each_lookup_once_they_are_old_enough) {
  root.put("file", "bytes");
  EXPECT_EQ(load("file"), nullptr) << "another change might leave its times as they are";
  EXPECT_EQ(load("none"), nullptr);
  CachedFile* const file = load_when_settled("file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(used_resources().watches, 0U);
  cache.record_target(*file, "/file");
  EXPECT_EQ(cache.find_target("/file"), file);
  EXPECT_EQ(find("file"), file);
  // A file of this size and modification time, and no refresh().
  root.put("file", "other");
  EXPECT_EQ(cache.find_target("/file"), nullptr);
  EXPECT_EQ(cache.find("file"), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(WithoutWatches, files_are_invalidated_when_they_are_replaced_or_removed_or_changed) {
  const char* const paths[] = {"a/replaced", "a/removed", "a/moved",
                               "a/touched",  "a/linked",  "a/cut"};
  for (const char* path : paths) root.put(path, pattern(large_bytes));
  root.put("spare", pattern(large_bytes));
  for (const char* path : paths) ASSERT_NE(load_when_settled(path), nullptr) << path;
  for (const char* path : paths) ASSERT_NE(find(path), nullptr) << path;
  fs::rename(root / "spare", root / "a/replaced");
  fs::remove(root / "a/removed");
  fs::rename(root / "a/moved", root / "a/away");
  touch(root / "a/touched");
  fs::rename(root / "a/linked", root / "a/other");
  fs::create_symlink("cut", root / "a/linked");
  EXPECT_EQ(::truncate((root / "a/cut").c_str(), 10), 0);
  for (const char* path : paths) EXPECT_EQ(find(path), nullptr) << path;
}

class UnwatchablePath : public lab::CacheTest {};

TEST_F(UnwatchablePath, is_compared_below_a_symbolic_link) {
  root.put("real/file", "bytes");
  root.put("second/file", "other");
  fs::create_symlink("real", root / "folder");
  fs::create_symlink("real/file", root / "link");
  ASSERT_NE(load_when_settled("folder/file"), nullptr);
  ASSERT_NE(load_when_settled("link"), nullptr);
  EXPECT_EQ(find("link")->body, "bytes");
  // The link leads elsewhere; then the file behind the other link changes.
  fs::remove(root / "folder");
  fs::create_symlink("second", root / "folder");
  EXPECT_EQ(find("folder/file"), nullptr);
  root.put("real/file", "BYTES");
  EXPECT_EQ(find("link"), nullptr);
  ASSERT_NE(load_when_settled("folder/file"), nullptr);
  EXPECT_EQ(find("folder/file")->body, "other");
  EXPECT_EQ(load("folder/none"), nullptr) << "no event would report that it is created";
}

// Two paths to one directory, by a bind mount: its events are applied to one of them only.
TEST_F(UnwatchablePath, is_compared_below_a_folder_with_two_paths) {
  root.put("a/file", "bytes");
  ASSERT_NE(load("a/file"), nullptr);
  // Has the effect of a bind mount without the privilege to mount.
  EXPECT_EQ(load("a//file"), nullptr);
  ASSERT_NE(load_when_settled("a//file"), nullptr);
  root.put("a/file", "other");
  cache.refresh();
  EXPECT_EQ(cache.find("a/file"), nullptr);
  EXPECT_EQ(cache.find("a//file"), nullptr);
}

class FewWatches : public lab::CacheTest {
 protected:
  static constexpr FileCache::Limits three_watches{.body_bytes = 5000, .watches = 3};
  FewWatches() : CacheTest(three_watches) {}
};

TEST_F(FewWatches, do_not_hide_a_change) {
  for (int i = 0; i < 5; ++i) root.put("file" + std::to_string(i), "old");
  for (int i = 0; i < 5; ++i) {
    EXPECT_NE(load_when_settled("file" + std::to_string(i)), nullptr);
    EXPECT_LE(used_resources().watches, 3U);
  }
  for (int i = 0; i < 5; ++i) {
    root.put("file" + std::to_string(i), "new");
    EXPECT_EQ(find("file" + std::to_string(i)), nullptr) << i;
  }
}
}  // namespace
}  // namespace server
