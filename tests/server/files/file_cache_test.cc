// Lookup and content: which paths get an entry, with which content, and what a cache leaves behind.
#include "apps/server/files/file_cache.h"

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::large_bytes;
using lab::load_if_admitted;
using lab::pattern;
using lab::Resources;
using lab::small_bodies;
using lab::small_bytes;
using lab::used_resources;
using uring::Fd;

class Lookup : public lab::CacheTest {};

TEST_F(Lookup, finds_a_file_that_was_loaded) {
  root.put("file", "bytes");
  EXPECT_EQ(cache.find("file"), nullptr);
  CachedFile* const file = load_if_admitted(cache, "file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(find("file"), file);
  EXPECT_TRUE(file->exists);
  EXPECT_EQ(file->facts.size, 5U);
  EXPECT_EQ(file->facts.mtime_seconds(), lab::old_seconds);
  EXPECT_EQ(file->tag, "\"ae1b981bc490a00-5\"");
  EXPECT_EQ(file->body, "bytes");
  EXPECT_EQ(file->fd, -1);
  EXPECT_EQ(cache.counters().hits, 1U);
  EXPECT_EQ(cache.counters().misses, 1U);
  EXPECT_EQ(load_if_admitted(cache, "file"), nullptr) << "it has an entry already";
}

TEST_F(Lookup, has_small_files_copied_and_large_ones_open_and_mapped) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, small_bodies.body_bytes - 1, small_bodies.body_bytes}) {
    root.put("file" + std::to_string(size), pattern(size));
    const CachedFile* const file = load("file" + std::to_string(size));
    ASSERT_NE(file, nullptr) << size;
    EXPECT_EQ(file->body, pattern(size));
    EXPECT_TRUE(file->mapped.empty());
    EXPECT_EQ(file->fd, -1);
  }
  root.put("large", pattern(small_bodies.body_bytes + 1));
  const CachedFile* const file = load("large");
  ASSERT_NE(file, nullptr);
  EXPECT_TRUE(file->body.empty());
  EXPECT_EQ(file->mapped, pattern(small_bodies.body_bytes + 1));
  ASSERT_GE(file->fd, 0);
  EXPECT_EQ(bytes_of(*file), file->mapped);
  EXPECT_EQ(::fcntl(file->fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_RDONLY);
  EXPECT_NE(::fcntl(file->fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Lookup, finds_a_negative_entry_where_no_file_is) {
  const CachedFile* const negative = load("none");
  ASSERT_NE(negative, nullptr);
  EXPECT_FALSE(negative->exists);
  EXPECT_EQ(find("none"), negative);
}

TEST_F(Lookup, finds_no_directories_and_no_special_files) {
  fs::create_directory(root / "folder");
  ASSERT_EQ(::mkfifo((root / "fifo").c_str(), 0600), 0);
  fs::create_symlink("nowhere", root / "dangling");
  fs::create_symlink("/etc/passwd", root / "outside");
  root.put("file", "");
  for (const char* path :
       {".", "folder", "fifo", "dangling", "outside", "none/below", "file/below"}) {
    EXPECT_EQ(load(path), nullptr) << path;
    EXPECT_EQ(find(path), nullptr) << path;
  }
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Lookup, finds_entries_by_recorded_request_targets) {
  root.put("file", "bytes");
  CachedFile* const file = load("file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(cache.find_target("/file"), nullptr);
  for (const char* target : {"/file", "/%66ile", "/f%69le", "/fi%6ce"}) {
    cache.record_target(*file, target);
    cache.record_target(*file, target);
    EXPECT_EQ(cache.find_target(target), file) << target;
  }
  cache.record_target(*file, "/fil%65");  // one more than an entry has
  EXPECT_EQ(cache.find_target("/fil%65"), nullptr);
  fs::remove(root / "file");
  cache.refresh();
  EXPECT_EQ(cache.find_target("/file"), nullptr);
  EXPECT_EQ(cache.find_target("/fi%6ce"), nullptr);
}

// Otherwise requests for many long names that do not exist would fill the memory.
TEST_F(Lookup, records_no_long_targets_and_counts_paths_as_bytes) {
  CachedFile* const negative = load("none");
  ASSERT_NE(negative, nullptr);
  const std::uint64_t before = cache.bytes();
  const std::string longest = "/" + std::string(254, 'x');
  for (const std::string& target : {longest + "x", longest}) cache.record_target(*negative, target);
  EXPECT_EQ(cache.find_target(longest), negative);
  EXPECT_EQ(cache.find_target(longest + "x"), nullptr);
  ASSERT_NE(load(longest.substr(1)), nullptr);
  EXPECT_EQ(cache.bytes() - before, before + 254 - 4);
}

TEST(CacheOfZeroBytes, has_no_entries) {
  lab::Folder root;
  root.put("file", "bytes");
  FileCache cache(root.fd(), {.bytes = 0});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(load_if_admitted(cache, "file"), nullptr);
  EXPECT_EQ(cache.find("file"), nullptr);
  cache.refresh();
}

TEST(CacheOfAFileSystemThatIsNotLocal, has_no_entries) {
  const Fd proc(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  FileCache cache(proc.get(), small_bodies);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(load_if_admitted(cache, "status"), nullptr);
}

// Descriptors and watches; the sanitizer checks the memory.
TEST(DestroyedCache, leaves_no_descriptors_and_watches) {
  const Resources before = used_resources();
  {
    lab::Folder root;
    FileCache cache(root.fd(), small_bodies);
    for (int i = 0; i < 300; ++i) {
      const std::string name = "d" + std::to_string(i % 7) + "/" + std::to_string(i);
      root.put(name, pattern(i % 2 == 0 ? small_bytes : large_bytes));
      load_if_admitted(cache, name);
      load_if_admitted(cache, name);
      if (i % 5 == 0) fs::rename(root / name, root / "moved");
      if (i % 50 == 0) fs::remove_all(root / ("d" + std::to_string(i % 7)));
      if (i % 3 == 0) cache.refresh();
    }
    EXPECT_GT(used_resources().watches, before.watches);
  }
  EXPECT_EQ(used_resources(), before);
}
}  // namespace
}  // namespace server
