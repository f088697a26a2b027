// TreeWalk: the files below a directory, one after the other, each opened.
//
// It finds what the listings of these directories show, by the rules that GET has: no hidden names,
// no files that the asker may not read, nothing outside the root. A symbolic link to a file is that
// file; one to a directory is left out, so that a walk ends and finds each file once. One directory
// of each level is open at a time. Plain system calls, which may wait for a disk: for a thread that
// may wait. Covered by tests/server/archive/tree_walk_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <dirent.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "apps/server/plan/rules.h"
#include "uring/fd.h"

namespace server {

// Which files a walk finds. The rules outlive it.
struct WalkTerms {
  bool dot_files = false;
  const Rules* rules = nullptr;  // null: the asker may read all
  std::string user;              // the asker; empty: without a name
};

class TreeWalk {
 public:
  // Directories in directories, at most: each takes a descriptor.
  static constexpr std::size_t most_levels = 64;

  // `root` is the served directory and outlives the walk. `directory` is open at `path` (as
  // Intent::path). Throws std::bad_alloc.
  TreeWalk(int root, uring::Fd directory, std::string_view path, WalkTerms terms);

  enum class Step : std::uint8_t {
    file,
    directory,
    nothing,  // the entry was left out; go on
    end,
    failed,  // a directory or file cannot be read, a descriptor or memory is lacking, or there are
             // more than most_levels
  };
  // The next entry. A directory comes before its files. Throws std::bad_alloc.
  Step next();

  // Of a file or directory, until the next call of next(). The path has no slash at its end, and
  // begins with the name of the directory at which the walk began, unless that is the root.
  std::string_view path() const;
  const struct stat& status() const { return status_; }
  // The open file of Step::file.
  int file() const { return file_.get(); }

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  struct Level {
    std::unique_ptr<DIR, Close> directory;
    std::size_t path_bytes;  // of its path, with a slash at the end unless it is empty
  };

  Step begin();
  Step enter(uring::Fd directory);
  Step examine(const char* name);
  Step open_file(const char* name, bool is_link);
  Step open_directory(const char* name);
  bool may_read(bool is_directory) const;

  const int root_;
  const WalkTerms terms_;
  uring::Fd first_;  // until the first call of next()
  std::vector<Level> levels_;
  std::string path_;  // relative to the root, of the entry
  std::size_t shown_at_ = 0;
  uring::Fd file_;
  struct stat status_ {};
};

}  // namespace server
