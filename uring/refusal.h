// Refusal: why the kernel refuses a ring, and what an administrator can do about it.
//
// Covered by tests/uring/refusal_test.cc.
#pragma once

#include <string>

namespace uring {

struct Refusal {
  int error = 0;       // the errno of the call that failed
  std::string advice;  // one line: the cause (kernel, sysctl, seccomp profile) and the remedy
};

// Returns the advice for an `error` of io_uring_setup(2), from the kernel's version, the sysctl
// kernel.io_uring_disabled and the seccomp state of this process.
std::string explain_refusal(int error);

// Tries to set up a small ring. Returns the advice if it is refused, and an empty text otherwise. A
// program asks before it enters a sandbox in which explain_refusal() can read no files.
std::string advice_if_refused();

}  // namespace uring
