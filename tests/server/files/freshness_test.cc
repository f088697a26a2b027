// What inotify does not report: entries are compared once a second, and files are closed that no
// request uses.
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/files/file_cache.h"
#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::large_bytes;
using lab::pattern;
using lab::small_bytes;
using lab::used_resources;

class Freshness : public lab::CacheTest {
 protected:
  // The entry of a file whose last change is so old that another one changes its times.
  CachedFile* load_settled(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat((root / path).c_str(), &status), 0);
    test_support::eventually([&] { return ::time(nullptr) - status.st_ctim.tv_sec > 1; });
    return load(path);
  }
  // Advances the time of the loop.
  void pass(std::int64_t duration_ms) { cache.set_time(now_ms += duration_ms); }

  std::int64_t now_ms = 0;
};

// A file that is changed through a shared mapping, which no event reports until it is unmapped.
class Mapping {
 public:
  explicit Mapping(const fs::path& path) {
    const uring::Fd fd = lab::open_file(path, O_RDWR);
    memory_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    EXPECT_NE(memory_, MAP_FAILED);
  }
  ~Mapping() { ::munmap(memory_, bytes); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void change() {
    ++*static_cast<char*>(memory_);
    EXPECT_EQ(::msync(memory_, bytes, MS_SYNC), 0);
  }

 private:
  static constexpr std::size_t bytes = 4096;
  void* memory_ = nullptr;
};

TEST_F(Freshness, a_change_through_a_mapping_is_found_after_a_second) {
  for (const std::size_t size : {small_bytes, large_bytes}) {
    const std::string name = std::to_string(size);
    root.put(name, pattern(size));
    CachedFile* const file = load_settled(name);
    ASSERT_NE(file, nullptr);
    cache.record_target(*file, "/" + name);
    Mapping mapping(root / name);
    mapping.change();
    EXPECT_EQ(find(name), file) << "inotify reports nothing";
    pass(FileCache::compare_after_ms - 1);
    EXPECT_EQ(cache.find_target("/" + name), file);
    pass(1);
    EXPECT_EQ(cache.find_target("/" + name), nullptr);
    EXPECT_EQ(find(name), nullptr);
  }
}

TEST_F(Freshness, an_unchanged_file_stays_cached) {
  root.put("file", "bytes");
  CachedFile* const file = load_settled("file");
  ASSERT_NE(file, nullptr);
  ASSERT_NE(load("none"), nullptr) << "a negative entry";
  for (int i = 0; i < 5; ++i) {
    pass(1000);
    EXPECT_EQ(find("file"), file);
    EXPECT_NE(find("none"), nullptr);
  }
}

// A file that was loaded within a tick of the kernel's clock, as not every attempt on a busy
// machine does.
TEST_F(Freshness, a_file_that_had_just_changed_is_loaded_again_a_second_later) {
  EXPECT_TRUE(test_support::eventually([&] {
    root.put("file", "bytes");
    if (!load("file") || !find("file")) return false;
    pass(1000);
    return find("file") == nullptr;
  })) << "its times may not tell a second change";
}

TEST_F(Freshness, a_negative_entry_is_compared_as_well) {
  ASSERT_NE(load("none"), nullptr);
  root.put("none", "bytes");
  EXPECT_NE(cache.find("none"), nullptr) << "without refresh()";
  pass(1000);
  EXPECT_EQ(cache.find("none"), nullptr);
}

TEST_F(Freshness, idle_large_files_are_closed) {
  root.put("large", pattern(large_bytes));
  root.put("small", pattern(small_bytes));
  ASSERT_NE(load_settled("large"), nullptr);
  CachedFile* const small = load("small");
  const std::size_t before = used_resources().descriptors;
  EXPECT_EQ(cache.open_files(), 1U);
  for (int i = 0; i < 10; ++i) {
    pass(1000);
    EXPECT_NE(find("large"), nullptr) << "it is in use";
    cache.close_idle_files();
  }
  pass(FileCache::idle_after_ms);
  cache.close_idle_files();
  EXPECT_EQ(cache.open_files(), 1U) << "a comparison holds for a second";
  pass(FileCache::compare_after_ms);
  cache.close_idle_files();
  EXPECT_EQ(cache.open_files(), 0U);
  EXPECT_EQ(used_resources().descriptors, before - 1);
  EXPECT_EQ(cache.size(), 1U) << "the small file has no descriptor";
  EXPECT_EQ(small->body.size(), small_bytes);
}

TEST_F(Freshness, a_file_that_is_being_sent_is_not_idle) {
  root.put("large", pattern(large_bytes));
  CachedFile* const file = load("large");
  ASSERT_NE(file, nullptr);
  FileCache::pin(*file);
  pass(60'000);
  cache.close_idle_files();
  EXPECT_FALSE(cache.close_files());
  EXPECT_EQ(cache.open_files(), 1U);
  cache.unpin(*file);
  EXPECT_TRUE(cache.close_files());
  EXPECT_FALSE(cache.close_files());
  EXPECT_EQ(cache.open_files(), 0U);
}

TEST_F(Freshness, all_entries_go_when_the_root_changes) {
  root.put("large", pattern(large_bytes));
  root.put("file", "old");
  ASSERT_NE(load("large"), nullptr);
  ASSERT_NE(load("file"), nullptr);
  const lab::Folder other;
  other.put("file", "new");
  ASSERT_GE(::dup3(other.fd(), root.fd(), O_CLOEXEC), 0);
  cache.change_root();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(used_resources().watches, 0U);
  CachedFile* const file = load("file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(bytes_of(*file), "new");
}

}  // namespace
}  // namespace server
