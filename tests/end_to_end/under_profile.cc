// Runs a program under a seccomp profile of ours: under_profile PROFILE.json PROGRAM...
//
// A container's runtime turns the names in the profile into a filter; this does the same for the
// calls that it allows, without their arguments, and refuses a name that it does not know. What the
// profile does not name fails as it says it does. Used by tests/end_to_end/engine_test.cc.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

struct Call {
  std::string_view name;
  long number;  // -1: this architecture has none
};

#define CALL(name) \
  { #name, SYS_##name }
#ifdef SYS_open
#define OLD_CALL(name) CALL(name)
#else
#define OLD_CALL(name) \
  { #name, -1 }  // architectures younger than x86 have only the newer one
#endif

// As many as the profile names.
constexpr Call calls[] = {
    CALL(accept),
    CALL(accept4),
    OLD_CALL(access),
    OLD_CALL(arch_prctl),
    CALL(bind),
    CALL(brk),
    CALL(capget),
    CALL(capset),
    CALL(chdir),
    OLD_CALL(chown),
    CALL(clock_getres),
    CALL(clock_gettime),
    CALL(clock_nanosleep),
    CALL(clone),
    CALL(close),
    CALL(close_range),
    CALL(connect),
    CALL(copy_file_range),
    CALL(dup),
    OLD_CALL(dup2),
    CALL(dup3),
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_pwait),
    CALL(epoll_pwait2),
    OLD_CALL(epoll_wait),
    CALL(eventfd2),
    CALL(execve),
    CALL(exit),
    CALL(exit_group),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(fadvise64),
    CALL(fallocate),
    CALL(fchdir),
    CALL(fchmod),
    CALL(fchown),
    CALL(fchownat),
    CALL(fcntl),
    CALL(fdatasync),
    CALL(flock),
    CALL(fstat),
    CALL(fstatfs),
    CALL(fsync),
    CALL(ftruncate),
    CALL(futex),
    CALL(get_robust_list),
    CALL(getcwd),
    CALL(getdents64),
    CALL(getegid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getpeername),
    CALL(getpid),
    CALL(getppid),
    CALL(getrandom),
    OLD_CALL(getrlimit),
    CALL(getsockname),
    CALL(getsockopt),
    CALL(gettid),
    CALL(gettimeofday),
    CALL(getuid),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(io_uring_setup),
    CALL(inotify_add_watch),
    CALL(inotify_init1),
    CALL(inotify_rm_watch),
    CALL(ioctl),
    CALL(kill),
    OLD_CALL(link),
    CALL(linkat),
    CALL(listen),
    CALL(lseek),
    OLD_CALL(lstat),
    CALL(madvise),
    CALL(membarrier),
    CALL(mincore),
    OLD_CALL(mkdir),
    CALL(mkdirat),
    CALL(mmap),
    CALL(mprotect),
    CALL(mremap),
    CALL(munmap),
    CALL(nanosleep),
    OLD_CALL(newfstatat),
    OLD_CALL(open),
    CALL(openat),
    CALL(openat2),
    CALL(pipe2),
    OLD_CALL(poll),
    CALL(ppoll),
    CALL(prctl),
    CALL(pread64),
    CALL(preadv2),
    CALL(prlimit64),
    CALL(pwrite64),
    CALL(read),
    OLD_CALL(readlink),
    CALL(readlinkat),
    CALL(readv),
    CALL(recvfrom),
    CALL(recvmsg),
    OLD_CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(restart_syscall),
    CALL(rseq),
    CALL(rt_sigaction),
    CALL(rt_sigpending),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(rt_sigtimedwait),
    CALL(sched_getaffinity),
    CALL(sched_getattr),
    CALL(sched_setattr),
    CALL(sched_yield),
    CALL(seccomp),
    CALL(sendmmsg),
    CALL(sendmsg),
    CALL(sendto),
    CALL(set_robust_list),
    CALL(set_tid_address),
    CALL(setgid),
    CALL(setgroups),
    CALL(setresgid),
    CALL(setresuid),
    OLD_CALL(setrlimit),
    CALL(setsockopt),
    CALL(setuid),
    CALL(shutdown),
    CALL(sigaltstack),
    CALL(signalfd4),
    CALL(socket),
    CALL(socketpair),
    OLD_CALL(stat),
    CALL(statfs),
    CALL(statx),
    CALL(sysinfo),
    CALL(tgkill),
    CALL(umask),
    CALL(uname),
    OLD_CALL(unlink),
    CALL(unlinkat),
    CALL(unshare),
    CALL(utimensat),
    CALL(wait4),
    CALL(write),
    CALL(writev),
};

// The numbers of all calls in the profile's arrays of names; empty where it cannot be read.
std::vector<unsigned> allowed_in(const std::string& text) {
  std::vector<unsigned> numbers;
  for (std::size_t at = text.find("\"names\""); at != std::string::npos;
       at = text.find("\"names\"", at)) {
    const std::size_t end = text.find(']', at);
    at = text.find('[', at);
    for (at = text.find('"', at); at < end; at = text.find('"', at)) {
      const std::size_t close = text.find('"', at + 1);
      const std::string_view name = std::string_view(text).substr(at + 1, close - at - 1);
      const auto* found = std::find_if(std::begin(calls), std::end(calls),
                                       [&](const Call& call) { return call.name == name; });
      if (found == std::end(calls)) {
        std::fprintf(stderr, "under_profile: no call of the name %s\n", std::string(name).c_str());
        return {};
      }
      if (found->number >= 0) numbers.push_back(static_cast<unsigned>(found->number));
      at = close + 1;
    }
  }
  return numbers;
}

bool filter_others(const std::vector<unsigned>& allowed) {
  std::vector<sock_filter> filter{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const unsigned number : allowed) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  std::ifstream file(argv[1]);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::vector<unsigned> allowed = allowed_in(text);
  if (allowed.empty()) return 66;
  if (!filter_others(allowed)) {
    std::perror("under_profile: seccomp");
    return 77;
  }
  ::execv(argv[2], argv + 2);
  std::perror(argv[2]);
  return 127;
}
