// Runs a program as a container would that forbids io_uring: without_ring EPERM|ENOSYS|OLD|LANDLOCK
// PROGRAM...
//
// A seccomp filter answers every io_uring_setup with that errno, for the program and all it starts.
// OLD: with ENOSYS, and openat2 likewise, as gVisor did for long. LANDLOCK: the ring is allowed,
// and landlock_create_ruleset does not exist. Used by tests/end_to_end/engine_test.cc and
// sandbox_test.cc.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

bool forbid(unsigned error, long one, long another) {
  std::array<sock_filter, 5> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(one), 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(another), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const bool is_old = std::strcmp(argv[1], "OLD") == 0;
  const bool has_no_landlock = std::strcmp(argv[1], "LANDLOCK") == 0;
  const unsigned error = std::strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS;
  const long one = has_no_landlock ? SYS_landlock_create_ruleset : SYS_io_uring_setup;
  if (!forbid(error, one, is_old ? SYS_openat2 : one)) {
    std::perror("without_ring: seccomp");
    return 77;
  }
  ::execv(argv[2], argv + 2);
  std::perror(argv[2]);
  return 127;
}
