// What the tests of the file cache share: a folder of real files and a FileCache on it.
//
// Used by the tests of this folder.
#pragma once

#include <array>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/files/file_cache.h"
#include "apps/server/files/file_system.h"
#include "tests/server/world.h"
#include "tests/support/eventually.h"
#include "uring/fd.h"

namespace server::lab {

inline constexpr std::size_t small_bytes = 100;
inline constexpr std::size_t large_bytes = 10'000;
inline constexpr FileCache::Limits small_bodies{.body_bytes = 5000};  // between the two

// The descriptors of this process, and the inodes that it watches.
struct Resources {
  std::size_t descriptors = 0;
  std::size_t watches = 0;
  bool operator==(const Resources&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Resources& resources) {
  return out << resources.descriptors << " descriptors, " << resources.watches << " watches";
}

inline Resources used_resources() {
  Resources used;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++used.descriptors;
    std::ifstream info("/proc/self/fdinfo/" + entry.path().filename().string());
    for (std::string line; std::getline(info, line);) {
      if (line.starts_with("inotify wd:")) ++used.watches;
    }
  }
  return used;
}

// Does what the server does at a request for a path without an entry.
inline CachedFile* load_if_admitted(FileCache& cache, std::string_view path) {
  return cache.admits(path) ? cache.load(path) : nullptr;
}

inline uring::Fd open_file(const std::filesystem::path& path, int flags) {
  uring::Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  EXPECT_TRUE(fd.valid()) << path;
  return fd;
}

inline void write_to(int fd) { EXPECT_EQ(::pwrite(fd, "X", 1, 3), 1); }

inline void exchange(const std::filesystem::path& one, const std::filesystem::path& other) {
  EXPECT_EQ(::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE), 0);
}

inline void touch(const std::filesystem::path& path) {
  const std::array<timespec, 2> times{{{1000, 0}, {1000, 0}}};
  EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
}

// Makes a folder the working directory, as a worker does with the root, until it is destroyed.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(int folder) : before_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    EXPECT_EQ(::fchdir(folder), 0);
  }
  ~WorkingDirectory() { EXPECT_EQ(::fchdir(before_.get()), 0); }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;

 private:
  uring::Fd before_;
};

// Where the thread works: in the root, files are watched by their paths; elsewhere by descriptors.
enum class From : std::uint8_t { root, elsewhere };

// A folder and a cache of it.
class CacheTest : public ::testing::Test {
 protected:
  explicit CacheTest(const FileCache::Limits& limits = small_bodies, From from = From::elsewhere)
      : working_directory(from == From::root ? new WorkingDirectory(root.fd()) : nullptr),
        cache(root.fd(), limits) {}

  void SetUp() override {
    if (!is_local(root.fd())) GTEST_SKIP() << "files of this file system are not cached";
  }

  // The entry of `path` after two requests, which suffice however full the cache is; null if there
  // is none. As the server does, this opens the path the ordinary way first, so that the kernel has
  // it in memory.
  CachedFile* load(const std::string& path) {
    if (CachedFile* const known = find(path)) return known;
    for (int i = 0; i < 2; ++i) {
      const uring::Fd opened(::openat(root.fd(), path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
      load_if_admitted(cache, path);
    }
    return cache.find(path);
  }

  // Waits for the entry of a file that cannot be watched: it is cached only when its last change is
  // old enough.
  CachedFile* load_when_settled(const std::string& path) {
    CachedFile* file = nullptr;
    test_support::eventually([&] { return (file = load(path)) != nullptr; });
    return file;
  }

  // Looks a path up for a request that arrives now.
  CachedFile* find(const std::string& path) {
    cache.refresh();
    return cache.find(path);
  }

  // The content with which the server would respond.
  static std::string bytes_of(const CachedFile& file) {
    if (file.fd < 0) return std::string(file.body);
    std::string bytes(file.facts.size, '\0');
    const ssize_t got = ::pread(file.fd, bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }

  Folder root;
  std::unique_ptr<WorkingDirectory> working_directory;
  FileCache cache;
};

}  // namespace server::lab
