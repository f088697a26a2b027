// ServedTree: the small folder that a fuzzed server serves, on a file system in memory.
//
// It is created once and used by all runs: after a run that wrote, scan() returns the present
// content and restore() undoes the differences. A second folder beside it has a secret, and the
// served folder has symbolic links to it: no run may read or change it. Used by
// connection_fuzzer.cc.
#pragma once

#include <array>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "fuzz/require.h"
#include "fuzz/scratch.h"

namespace fuzz {

struct Entry {
  enum class Kind : std::uint8_t { file, directory, link };
  Kind kind = Kind::file;
  std::string_view content;  // of a file; a view of the initial tree or of the scan's own memory
  bool operator==(const Entry&) const = default;
};

// The files and folders, by relative path.
using Entries = std::map<std::string, Entry, std::less<>>;

class ServedTree {
 public:
  explicit ServedTree(const Entries& wanted) : wanted_(wanted) {
    root_ = open_folder("root");
    outside_ = open_folder("outside");
    require(root_ >= 0 && outside_ >= 0, "there is a folder for files");
    write_file(outside_, "secret", secret);
    secret_ = facts_of(outside_, "secret");
    restore({});
  }
  ServedTree(const ServedTree&) = delete;
  ServedTree& operator=(const ServedTree&) = delete;
  ~ServedTree() {
    ::close(root_);
    ::close(outside_);
  }

  [[nodiscard]] int root() const { return root_; }
  [[nodiscard]] const Entries& wanted() const { return wanted_; }

  // The present tree. Contents are valid until the next scan.
  [[nodiscard]] Entries scan() {
    Entries found;
    contents_.clear();
    std::vector<std::string> folders{""};
    while (!folders.empty()) {
      const std::string folder = std::move(folders.back());
      folders.pop_back();
      for (const std::string& name : names_in(root_, folder.empty() ? "." : folder)) {
        std::string path = folder.empty() ? name : folder + "/" + name;
        const Entry entry = look(path);
        if (entry.kind == Entry::Kind::directory) folders.push_back(path);
        found.emplace(std::move(path), entry);
      }
    }
    return found;
  }

  // Undoes the differences. `found` is the result of the scan() before.
  void restore(const Entries& found) {
    for (auto it = found.rbegin(); it != found.rend(); ++it) {
      const bool is_folder = it->second.kind == Entry::Kind::directory;
      if (is_as_made(it->first)) continue;
      ::unlinkat(root_, it->first.c_str(), is_folder ? AT_REMOVEDIR : 0);
    }
    for (const auto& [path, entry] : wanted_) {
      if (!is_as_made(path)) make(path, entry);
    }
  }

  // The target of the links is unchanged.
  void check_outside() const {
    require(names_in(outside_, ".").size() == 1, "no file is written outside the root");
    require(facts_of(outside_, "secret") == secret_, "the file outside the root is untouched");
  }

  static constexpr std::string_view secret = "a secret outside the root";
  // 06 Nov 1994 08:49:37, the modification time of all these files.
  static constexpr std::int64_t written_at = 784'111'777;

 private:
  // The data that distinguishes a replaced file from the original.
  struct Facts {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t seconds = 0;
    mode_t mode = 0;
    bool operator==(const Facts&) const = default;
  };

  [[nodiscard]] int open_folder(const char* name) const {
    const std::filesystem::path path = scratch_.path() / name;
    std::filesystem::create_directory(path);
    return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }

  static Facts facts_of(int directory, const char* path) {
    struct stat status {};
    if (::fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
    // The contents of a folder do not matter here.
    if (S_ISDIR(status.st_mode)) return {.inode = status.st_ino, .mode = status.st_mode};
    return {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mode};
  }

  static void write_file(int directory, const char* path, std::string_view content) {
    const int fd = ::openat(directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    const auto written = ::write(fd, content.data(), content.size());
    require(written == static_cast<ssize_t>(content.size()), "the files can be written");
    const std::array<timespec, 2> times{{{written_at, 0}, {written_at, 0}}};
    ::futimens(fd, times.data());
    ::close(fd);
  }

  [[nodiscard]] bool is_as_made(const std::string& path) const {
    const auto known = made_.find(path);
    return known != made_.end() && facts_of(root_, path.c_str()) == known->second;
  }

  void make(const std::string& path, const Entry& entry) {
    switch (entry.kind) {
      case Entry::Kind::file: write_file(root_, path.c_str(), entry.content); break;
      case Entry::Kind::directory: ::mkdirat(root_, path.c_str(), 0777); break;
      case Entry::Kind::link:
        require(::symlinkat(std::string(entry.content).c_str(), root_, path.c_str()) == 0,
                "the served tree has its links");
        break;
    }
    made_[path] = facts_of(root_, path.c_str());
  }

  // One entry; an unchanged file is not read again.
  [[nodiscard]] Entry look(const std::string& path) {
    if (is_as_made(path)) return wanted_.find(path)->second;
    const Facts facts = facts_of(root_, path.c_str());
    if (S_ISDIR(facts.mode)) return {.kind = Entry::Kind::directory};
    if (!S_ISREG(facts.mode)) return {.kind = Entry::Kind::link};
    std::string& content = contents_[path];
    content.resize(static_cast<std::size_t>(facts.size));
    const int fd = ::openat(root_, path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const auto count = ::read(fd, content.data(), content.size());
    require(count == static_cast<ssize_t>(content.size()), "a file can be read");
    ::close(fd);
    return {.content = content};
  }

  const Entries wanted_;
  const Scratch scratch_;
  int root_ = -1;
  int outside_ = -1;
  Facts secret_;
  std::map<std::string, Facts, std::less<>> made_;
  std::map<std::string, std::string> contents_;  // of files written by a run
};

}  // namespace fuzz
