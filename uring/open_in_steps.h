// Opening a path beneath a directory without openat2(2), one name at a time: for kernels and
// sandboxes that lack the call (gVisor until 2026, Linux before 5.6, some seccomp profiles).
//
// Covered by tests/uring/open_in_steps_test.cc and tests/end_to_end/engine_test.cc.
#pragma once

#include <cstdint>

#include "uring/operation.h"

namespace uring {

// Executes `operation`, an open. Returns the descriptor, which the caller owns, or minus an errno.
// If the path must resolve beneath the directory, a symbolic link or ".." in it is -EXDEV, because
// its target could change between two steps. -ENOSYS for RESOLVE_ flags that steps cannot imitate.
// Waits for the disk where necessary.
std::int32_t open_in_steps(const Operation& operation);

}  // namespace uring
