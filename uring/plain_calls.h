// File operations as plain system calls: for engines that have no ring to put them into, and for
// files that lie in memory.
//
// Covered by tests/uring/file_test.cc.
#pragma once

#include <cstdint>

#include "uring/operation.h"

namespace uring {

// Does a file operation, waiting for the disk where it must. What the call answers, or minus an
// errno.
std::int32_t call_plainly(const Operation& operation);

// Does a file operation if that waits for nothing: the names on the way, or the bytes, are in
// memory. False: it may have to wait, or the kernel cannot tell; nothing was done.
bool call_without_waiting(const Operation& operation, std::int32_t& answer);

// Does a file operation on a file system that lies in memory, where nothing waits for a disk.
// False: the path leads to another file system; nothing was done.
bool call_in_memory(const Operation& operation, std::int32_t& answer);

// Reads at the file position if that waits for nothing. -EAGAIN: it would wait; -EOPNOTSUPP: the
// kernel cannot tell. Of a regular file both may mean the disk.
std::int32_t read_without_waiting(const Operation& operation);

}  // namespace uring
