// What a file system promises, by its kind. Covered by tests/server/sweep_test.cc and
// file_cache_test.cc.
#pragma once

namespace server {

// Whether the file system of `fd` is of this machine alone, so that its locks are seen by all who
// write there and its changes are told by inotify(7). False where nobody can say.
bool is_local(int fd);

// Whether it lies in memory, so that no call on it waits for a disk.
bool is_in_memory(int fd);

}  // namespace server
