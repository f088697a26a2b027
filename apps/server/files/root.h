// Root: the served directory, which is found by its path again whenever that path leads elsewhere.
//
// While a server runs, its directory may be removed and made anew, a link on its path may be
// switched, or a file system may be mounted over it or unmounted. check() therefore compares what
// the path leads to now with the open directory, and opens it anew where the two differ. The number
// of the descriptor stays, so that other threads may use it at any time: each call that opens a
// path beneath it finds the old directory or the new one. A write is confirmed to its client only
// after leads_to() has found its directory by the path.
//
// docs/decisions/0016-files-and-root.md has the reasons. Covered by tests/server/files/root_test.cc
// and tests/end_to_end/root_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/server/files/last_directory.h"
#include "uring/fd.h"

namespace server {

class Root {
 public:
  enum class Change : std::uint8_t {
    none,
    replaced,   // the path leads to another directory, which is open now
    missing,    // the path leads to no directory; error() says why
    back,       // the path leads to a directory again, which is open now
    forbidden,  // the path leads to another directory, which a sandbox keeps from being read
  };

  // Opens the directory that `path` leads to. A relative path is resolved by the working directory
  // of this moment. Returns 0, or an errno. To be called once, before the other functions.
  int open(const std::string& path);
  // Says that this process may read no directory but those of a list (process/landlock.h), so that
  // check() has to find out whether another directory may be served. To be called after open() and
  // before check().
  void confine() { is_confined_ = true; }

  // --- For every thread ---

  // The open directory (O_PATH). The number never changes. While the directory is missing, the
  // descriptor is none of a directory, and every path beneath it fails.
  int fd() const { return fd_.get(); }
  bool is_missing() const { return is_missing_.load(std::memory_order_relaxed); }
  // Whether the path of ROOT, followed by `directory` (empty: none), leads to the directory with
  // that identity now. One stat(2), which may wait where the file system is remote.
  bool leads_to(std::string_view directory, DirectoryId id) const;
  // Asks the thread that calls check() to do so soon: makes requests() readable. Does not wait.
  void request_check() const;

  // --- For one thread ---

  // Compares, and opens the directory anew where it has changed.
  Change check();
  // An event descriptor: readable after request_check(). Non-blocking.
  int requests() const { return requests_.get(); }
  // Why the directory is missing, as an errno; no error if it is forbidden.
  int error() const { return error_; }
  // The path by which the directory is found: the absolute one, where that leads to it.
  const std::string& path() const { return path_; }

 private:
  // Tells a directory from all others while it is open. A directory that is mounted twice differs
  // by its mount, because other file systems may be mounted below it.
  struct Identity {
    DirectoryId directory;
    std::uint64_t mount = 0;  // 0 before Linux 5.8, which does not report it
    bool operator==(const Identity&) const = default;
  };
  static constexpr int forbidden_error = -1;  // of open_current(), as no errno is
  static int identify(int directory, const char* path, int flags, Identity& identity);
  int open_current();

  std::string path_;
  uring::Fd base_;      // where path_ begins if it is relative
  uring::Fd requests_;  // also what fd_ refers to while the directory is missing
  uring::Fd fd_;
  Identity current_;  // of fd_
  int error_ = 0;
  bool is_confined_ = false;
  std::atomic<bool> is_missing_ = false;
};

}  // namespace server
