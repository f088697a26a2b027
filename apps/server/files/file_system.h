// What a file system promises, by its kind. Covered by tests/server/files/sweep_test.cc and
// file_cache_test.cc.
#pragma once

#include <sys/stat.h>

#include "apps/server/plan/facts.h"

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

// Whether linkat(2) of an open file, by AT_EMPTY_PATH, is allowed: since Linux 6.10 for files that
// this process has opened, before only with CAP_DAC_READ_SEARCH. `fd` is any such file.
bool may_link_files(int fd);

// fstat(2). Without the C library's detour by fstatat(2) and an empty path, which the kernel copies
// and parses: 1,950 instructions there instead of 620.
bool describe_file(int fd, struct stat& status);

// The version that fstat(2) or lstat(2) described.
FileFacts facts_in(const struct stat& status);

// The version of an open file.
FileFacts facts_of(int fd);

}  // namespace server
