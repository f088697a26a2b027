// Opening beneath a directory without openat2(2), a name at a time: for kernels and sandboxes that
// have no such call (gVisor until 2026, Linux before 5.6, some seccomp profiles).
//
// Covered by tests/uring/file_test.cc and tests/end_to_end/engine_test.cc.
#pragma once

#include <cstdint>

#include "uring/operation.h"

namespace uring {

// Opens as `operation` says; what the call answers, or minus an errno. Where it must resolve
// beneath the directory it follows no link and takes no "..", for what they lead to could change
// between two looks: -EXDEV. Waits for the disk where it must.
std::int32_t open_in_steps(const Operation& operation);

}  // namespace uring
