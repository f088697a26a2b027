// What a file system promises, by its kind. Covered by tests/server/sweep_test.cc and
// file_cache_test.cc.
#pragma once

namespace server {

// Whether the file system of `fd` is of this machine alone, so that its locks are seen by all who
// write there and its changes are told by inotify(7). False where nobody can say.
bool is_local(int fd);

// Whether one file of a directory may be found under names that differ, in upper and lower case or
// otherwise, so that inotify(7) tells of another name than the one that was asked for. `fd` is open
// for reading. True where nobody can say.
bool may_fold_names(int fd);

// Whether it lies in memory, so that no call on it waits for a disk.
bool is_in_memory(int fd);

}  // namespace server
