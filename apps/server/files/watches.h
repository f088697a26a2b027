// Watches: inotify(7) watches on files and directories, and the events that the kernel reports.
//
// An event is reported for a change by any process of this machine, and the kernel queues it before
// the call that made the change returns. A caller that reads all events after a request has arrived
// therefore knows each change that was made before the request was sent. Not reported: a write
// through a shared mapping, until the mapping is removed.
// Covered by tests/server/files/watches_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "uring/fd.h"

namespace server {

// An inotify watch descriptor. A second watch on one inode gets the number of the first.
using WatchId = int;
inline constexpr WatchId no_watch = -1;

struct Change {
  WatchId watch = no_watch;
  std::string_view name;      // of a changed entry of the watched directory; empty: the watched
                              // file or directory itself has changed
  bool is_lost = false;       // the kernel discarded events: anything may have changed
  bool is_directory = false;  // the changed entry is a directory, or may be one
};

class Watches {
 public:
  // Watches the names in an open directory, or the content and the status of an open file. Returns
  // no_watch where the kernel refuses (ENOSPC: fs.inotify.max_user_watches; EMFILE:
  // max_user_instances). Does not wait for a disk.
  WatchId watch_directory(int fd);
  WatchId watch_file(int fd);
  // Watches a file by its path, relative to this thread's working directory; does not follow a
  // symbolic link at its end. Costs half as much as watch_file(). If the inode is watched already,
  // the events are added to those of that watch.
  WatchId watch_path(const char* path);
  void remove(WatchId watch);

  // The inotify descriptor, which is readable while there are events; -1 before the first watch.
  int events() const { return events_.get(); }

  // Takes the next event into `change`; false when there is none. `change` views memory of this
  // object, which the next call changes. Does not wait.
  bool next(Change& change);

 private:
  WatchId watch(int fd, std::uint32_t mask);
  int opened();

  uring::Fd events_;                          // opened with the first watch
  alignas(8) std::array<char, 4096> buffer_;  // events; one has at most 16 + 256 bytes
  std::size_t begin_ = 0;                     // of the events that next() has not returned
  std::size_t end_ = 0;
};

}  // namespace server
