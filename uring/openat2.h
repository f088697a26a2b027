// openat2(2), for which glibc has no function.
//
// Covered by tests/uring/openat2_test.cc.
#pragma once

#include <cstdint>

namespace uring {

// How a path is opened and resolved: struct open_how, with the RESOLVE_ bits of <linux/openat2.h>.
struct OpenHow {
  std::uint64_t flags = 0;
  std::uint64_t mode = 0;
  std::uint64_t resolve = 0;
};

// RESOLVE_CACHED, Linux 5.12, which older headers lack: opens only what the kernel finds in its
// caches. EAGAIN: it might have to wait for the disk.
inline constexpr std::uint64_t resolve_cached = 0x20;

// Opens `path`, which ends in NUL and is relative to `directory` (a descriptor or AT_FDCWD).
// Returns the descriptor, which the caller owns, or minus an errno: -ENOSYS where the kernel or a
// seccomp profile has no such call, -EXDEV where the path leaves what `how.resolve` confines it to.
// Waits for the disk unless resolve_cached is set.
int openat2(int directory, const char* path, const OpenHow& how);

}  // namespace uring
