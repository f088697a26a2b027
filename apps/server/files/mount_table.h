// MountTable: notices that file systems below a directory were mounted or unmounted.
//
// inotify(7) reports neither: a mount hides the files below it without changing them. The kernel
// reports a change of /proc/self/mountinfo (proc_pid_mountinfo(5)) to poll(2); on a machine with
// containers most changes concern other directories, so that the lines of the table are compared.
// Covered by tests/server/files/mount_table_test.cc and tests/end_to_end/root_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "uring/fd.h"

namespace server {

// A hash of the lines of a mountinfo text whose mount point is `directory` or below it. `directory`
// is an absolute path without a slash at its end; empty: all lines count. Pure.
std::uint64_t hash_of_mounts(std::string_view table, std::string_view directory);

// Whether a mountinfo text has a file system below `directory`, a path as in hash_of_mounts(), that
// is not mounted read-only. Pure.
bool has_writable_mount(std::string_view table, std::string_view directory);

class MountTable {
 public:
  MountTable();

  // For poll(2) with POLLPRI: ready once after each change of the table. -1 where /proc is not
  // mounted; the file cache then notices a mount when it compares its entries.
  int fd() const { return table_.get(); }

  // Reads the table. Returns whether mounts below the open directory `directory` differ from those
  // of the last call; true where the table cannot be read, and at the first call.
  bool has_changed_below(int directory);

  // Reads the table. Returns whether a file system below the open directory `directory` may be
  // written; false where the table cannot be read.
  bool has_writable_below(int directory);

 private:
  bool read_table();

  uring::Fd table_;
  std::string text_;  // the table; a member, so that its memory is allocated once
  std::uint64_t hash_ = 0;
};

}  // namespace server
