// File operations as plain system calls: for engines that have no ring, and for files in memory.
//
// Covered by tests/uring/plain_calls_test.cc and file_test.cc.
#pragma once

#include <cstdint>

#include "uring/operation.h"

namespace uring {

// Executes a file operation, and waits for the disk where necessary. Returns the result of the call
// or minus an errno; -EOPNOTSUPP for an operation that is not on a file.
std::int32_t call_plainly(const Operation& operation);

// Executes a file operation if it does not wait, because the names of its path or the bytes are in
// memory, and sets `result` as call_plainly() returns it. False: the call may have to wait, or the
// kernel cannot say; it had no effect.
bool call_without_waiting(const Operation& operation, std::int32_t& result);

// Executes a file operation on a file system in memory, where no call waits for a disk, and sets
// `result` as call_plainly() returns it. False: the path leads to another file system; the call had
// no effect.
bool call_in_memory(const Operation& operation, std::int32_t& result);

// Reads at the file position without waiting. -EAGAIN: the read would wait; -EOPNOTSUPP: the kernel
// cannot say. For a regular file both may mean that it would wait for the disk.
std::int32_t read_without_waiting(const Operation& operation);

}  // namespace uring
