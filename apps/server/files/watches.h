// Changes: what any process of this machine does to the files and directories that are watched.
//
// inotify(7): the kernel queues an event before the call that made the change returns. So whoever
// reads all events after a request has arrived knows of every change that was done before the
// request was sent. What it does not tell: writes through a shared mapping, until it is unmapped.
// Covered by tests/server/files/file_cache_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "uring/fd.h"

namespace server {

// One watch; the kernel gives an inode the same number however often it is watched.
using WatchId = int;
inline constexpr WatchId no_watch = -1;

struct Change {
  WatchId watch = no_watch;
  std::string_view name;      // of what changed in a watched directory; empty: the watched itself
  bool is_lost = false;       // changes were lost: everything may have changed
  bool is_directory = false;  // what came or went is a directory, or may be one
};

class Changes {
 public:
  // Watches an open directory's names, or an open file's content and status. no_watch where that is
  // refused (ENOSPC: fs.inotify.max_user_watches; EMFILE: max_user_instances). Does not wait for a
  // disk.
  WatchId watch_directory(int fd);
  WatchId watch_file(int fd);
  // The same of the file of that path, relative to this thread's working directory, without a link
  // as its last part; costs half of it. What an inode is watched for already stays.
  WatchId watch_path(const char* path);
  void forget(WatchId watch);

  // What the events are read from; -1 before the first watch.
  int events() const { return events_.get(); }

  // The next change that has happened; false when that was all. `change` views this object until
  // the next call. Does not wait.
  bool next(Change& change);

 private:
  WatchId watch(int fd, std::uint32_t mask);
  int opened();

  uring::Fd events_;                        // from the first watch on
  alignas(8) std::array<char, 4096> room_;  // events; one is at most 16 + 256 bytes
  std::size_t begin_ = 0;                   // of those not yet given out
  std::size_t end_ = 0;
};

}  // namespace server
