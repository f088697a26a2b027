// Admission, limits and eviction: the cache stays within its limits and keeps what is used.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "apps/server/files/file_cache.h"
#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::large_bytes;
using lab::load_if_admitted;
using lab::pattern;
using lab::Resources;
using lab::small_bytes;
using lab::used_resources;

class Eviction : public lab::CacheTest {
 protected:
  static constexpr FileCache::Limits narrow{
      .bytes = 40'000, .files = 24, .open_files = 3, .body_bytes = 5000};
  Eviction() : CacheTest(narrow) {}
};

TEST_F(Eviction, holds_bytes_files_and_open_files_within_their_limits) {
  const std::size_t before = used_resources().descriptors;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "file" + std::to_string(i);
    root.put(name, pattern(i % 3 == 0 ? 6000 : i % 3 == 1 ? 4000 : 10));
    ASSERT_NE(load(name), nullptr) << name;
    EXPECT_NE(find(name), nullptr) << "the newest entry is evicted last";
    EXPECT_LE(cache.size(), narrow.files);
    EXPECT_LE(cache.bytes(), narrow.bytes);
    const Resources held = used_resources();
    EXPECT_LE(held.descriptors, before + narrow.open_files + 1);  // one is the inotify descriptor
    EXPECT_LE(held.watches, narrow.files + 1);
  }
  EXPECT_GT(cache.counters().dropped, 80U);
}

TEST_F(Eviction, spares_entries_that_are_used) {
  root.put("used", "bytes");
  CachedFile* const used = load("used");
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(find("used"), used) << i;
    const std::string name = "file" + std::to_string(i);
    root.put(name, "bytes");
    cache.refresh();
    for (int times = 0; times < 2; ++times) load_if_admitted(cache, name);
  }
  EXPECT_EQ(cache.size(), narrow.files);
}

// An evicted entry stays valid until it is unpinned.
TEST_F(Eviction, leaves_pinned_entries_valid) {
  root.put("large", pattern(large_bytes));
  root.put("small", pattern(small_bytes));
  CachedFile* const large = load("large");
  CachedFile* const small = load("small");
  ASSERT_NE(large, nullptr);
  ASSERT_NE(small, nullptr);
  FileCache::pin(*large);
  FileCache::pin(*small);
  for (int i = 0; i < 50; ++i) load("none" + std::to_string(i));
  EXPECT_EQ(find("large"), nullptr);
  EXPECT_EQ(find("small"), nullptr);
  EXPECT_EQ(large->mapped, pattern(large_bytes));
  EXPECT_EQ(bytes_of(*large), pattern(large_bytes));
  EXPECT_EQ(small->body, pattern(small_bytes));
  cache.unpin(*large);
  cache.unpin(*small);
}

// A crawler or a backup requests each file once.
TEST_F(Eviction, is_not_caused_by_files_that_are_requested_once) {
  for (int i = 0; i < 50; ++i) {
    root.put("file" + std::to_string(i), "bytes");
    cache.refresh();
    load_if_admitted(cache, "file" + std::to_string(i));
  }
  EXPECT_EQ(cache.size(), narrow.files / 2);
  EXPECT_EQ(cache.find("file49"), nullptr);
  EXPECT_NE(load_if_admitted(cache, "file49"), nullptr);
  EXPECT_EQ(cache.size(), narrow.files / 2 + 1);
}

// A small file needs no descriptor, so that open files need not be evicted for it.
TEST_F(Eviction, spares_open_files_while_no_descriptor_is_needed) {
  for (int i = 0; i < 3; ++i) {
    root.put("large" + std::to_string(i), pattern(large_bytes));
    ASSERT_NE(load("large" + std::to_string(i)), nullptr);
  }
  for (int i = 0; i < 5; ++i) {
    root.put("small" + std::to_string(i), "small");
    ASSERT_NE(load("small" + std::to_string(i)), nullptr);
  }
  for (int i = 0; i < 3; ++i) EXPECT_NE(find("large" + std::to_string(i)), nullptr) << i;
}

// A file whose copy would take more than an eighth of the cache is kept open instead.
TEST(SmallCache, copies_files_of_up_to_an_eighth_of_its_size) {
  lab::Folder root;
  FileCache cache(root.fd(), {.bytes = 40'000});
  for (const std::size_t size : {std::size_t{5000}, std::size_t{5001}}) {
    const std::string name = std::to_string(size);
    root.put(name, pattern(size));
    for (int i = 0; i < 2; ++i) load_if_admitted(cache, name);
    const CachedFile* const file = cache.find(name);
    ASSERT_NE(file, nullptr) << size;
    EXPECT_EQ(file->fd >= 0, size > 5000);
  }
}

class ManyFolders : public lab::CacheTest {};

TEST_F(ManyFolders, are_watched) {
  for (int i = 0; i < 600; ++i) {
    const std::string name = "folder" + std::to_string(i) + "/sub/file";
    root.put(name, "bytes");
    ASSERT_NE(load(name), nullptr) << name;
  }
  EXPECT_EQ(used_resources().watches, 1U + 2 * 600U + 600U);
  for (int i = 0; i < 600; i += 7) {
    const std::string folder = "folder" + std::to_string(i);
    fs::rename(root / folder, root / ("moved" + std::to_string(i)));
    EXPECT_EQ(find(folder + "/sub/file"), nullptr);
  }
  EXPECT_NE(find("folder1/sub/file"), nullptr);
}
}  // namespace
}  // namespace server
