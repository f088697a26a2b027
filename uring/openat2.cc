// The system call. Covered by tests/uring/openat2_test.cc.
#include "uring/openat2.h"

#include <cerrno>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace uring {

static_assert(sizeof(OpenHow) == sizeof(open_how), "the kernel reads it as struct open_how");

int openat2(int directory, const char* path, const OpenHow& how) {
  const long opened = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
  return opened < 0 ? -errno : static_cast<int>(opened);
}

}  // namespace uring
