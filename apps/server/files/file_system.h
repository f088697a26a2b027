// Properties of file systems that differ by their type, and stat(2) and pread(2) of open files.
//
// Covered by tests/server/files/file_system_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <sys/stat.h>
#include <sys/types.h>

#include "apps/server/plan/facts.h"

namespace server {

// Whether the file system of `fd` is a local one, so that its locks exclude every process that may
// write there, and inotify(7) reports every change. False for an unknown type.
bool is_local(int fd);

// Whether a file in the directory `fd` may be found by names that differ, in case or otherwise, so
// that inotify(7) may report a change by another name than the requested one. `fd` is open for
// reading. True for types whose settings cannot be read.
bool may_fold_names(int fd);

// Whether the file system of `fd` is in memory, so that no call on it waits for a disk.
bool is_in_memory(int fd);

// Whether linkat(2) with AT_EMPTY_PATH may link an open file: since Linux 6.10 for files that this
// process has opened, before only with CAP_DAC_READ_SEARCH. `fd` is any open file.
bool may_link_files(int fd);

// fstat(2); false if it fails. Calls the kernel directly where it can: the C library goes through
// fstatat(2) with an empty path, which costs 1,950 instructions instead of 620.
bool describe_file(int fd, struct stat& status);

// pread(2), again after a signal; -1 if it fails. May wait for a disk.
ssize_t read_at(int fd, std::span<char> buffer, std::uint64_t offset);

// Whether two results of stat(2) are of one version of one file.
bool is_same_version(const struct stat& one, const struct stat& other);

// Whether each later change of the file will change the times in its status. False for a file that
// has just changed: the kernel's clock for file times ticks every few milliseconds, and some file
// systems store whole or even seconds only.
bool is_settled(const struct stat& status);

// Whether mincore(2) reports which pages of this file are in memory. For a file that this process
// neither owns nor may write it reports every page as resident, and sending would wait for the
// disk.
bool has_residency(int fd, const struct stat& status);

// Size and modification time from the result of fstat(2) or lstat(2).
FileFacts facts_in(const struct stat& status);

// Size and modification time of an open file; nothing if fstat(2) fails.
std::optional<FileFacts> facts_of(int fd);

// Whether `fd` is open on the working directory of this thread.
bool is_working_directory(int fd);

}  // namespace server
