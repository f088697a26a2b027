// The table, and the profile as JSON. Covered by tests/server/process/system_calls_test.cc.
#include "apps/server/process/system_calls.h"

#include <array>
#include <sched.h>
#include <sys/syscall.h>

namespace server {

namespace {

using enum SystemCall::Use;

#define CALL(name, use) \
  SystemCall { #name, SYS_##name, use }
// Calls that architectures younger than x86 lack, since they have a newer call for the purpose.
#ifdef SYS_open
#define OLD_CALL(name, use) CALL(name, use)
#else
#define OLD_CALL(name, use) \
  SystemCall { #name, -1, use }
#endif

constexpr std::array ring_calls = {
    CALL(io_uring_enter, serving),
    CALL(io_uring_register, starting),
    CALL(io_uring_setup, starting),
};

// The server accepts, and passes descriptors to the server that replaces it.
constexpr std::array socket_calls = {
    CALL(accept, serving),      CALL(accept4, serving),        CALL(bind, starting),
    CALL(connect, starting),    CALL(epoll_create1, starting), CALL(epoll_ctl, serving),
    CALL(epoll_pwait, serving), CALL(epoll_pwait2, serving),   OLD_CALL(epoll_wait, serving),
    CALL(eventfd2, serving),    CALL(getpeername, serving),    CALL(getsockname, serving),
    CALL(getsockopt, serving),  CALL(listen, starting),        OLD_CALL(poll, serving),
    CALL(ppoll, serving),       CALL(recvfrom, serving),       CALL(recvmsg, serving),
    CALL(sendmmsg, starting),   CALL(sendmsg, serving),        CALL(sendto, serving),
    CALL(setsockopt, serving),  CALL(shutdown, serving),       CALL(socket, starting),
    CALL(socketpair, starting),
};

constexpr std::array file_calls = {
    OLD_CALL(access, serving),
    CALL(close, serving),
    CALL(copy_file_range, serving),
    CALL(faccessat, serving),
    CALL(faccessat2, serving),
    CALL(fadvise64, serving),
    CALL(fallocate, serving),
    CALL(fchmod, serving),
    CALL(fcntl, serving),
    CALL(fdatasync, serving),
    CALL(fgetxattr, serving),
    CALL(flock, serving),
    CALL(fsetxattr, serving),
    CALL(fstat, serving),
    CALL(fstatfs, serving),
    CALL(fsync, serving),
    CALL(ftruncate, serving),
    CALL(getcwd, serving),
    CALL(getdents64, serving),
    CALL(inotify_add_watch, serving),
    CALL(inotify_init1, serving),
    CALL(inotify_rm_watch, serving),
    CALL(ioctl, limited),
    OLD_CALL(link, serving),
    CALL(linkat, serving),
    CALL(lseek, serving),
    OLD_CALL(lstat, serving),
    OLD_CALL(mkdir, serving),
    CALL(mkdirat, serving),
    OLD_CALL(newfstatat, serving),
    OLD_CALL(open, serving),
    CALL(openat, serving),
    CALL(openat2, serving),
    CALL(pread64, serving),
    CALL(preadv2, serving),
    CALL(pwrite64, serving),
    CALL(read, serving),
    OLD_CALL(readlink, serving),
    CALL(readlinkat, serving),
    CALL(readv, serving),
    OLD_CALL(rename, serving),
    CALL(renameat, serving),
    CALL(renameat2, serving),
    CALL(splice, serving),
    OLD_CALL(stat, serving),
    CALL(statfs, serving),
    CALL(statx, serving),
    OLD_CALL(unlink, serving),
    CALL(unlinkat, serving),
    CALL(utimensat, limited),
    CALL(vmsplice, serving),
    CALL(write, serving),
    CALL(writev, serving),
};

constexpr std::array memory_calls = {
    CALL(brk, serving),
    CALL(clock_getres, serving),
    CALL(clock_gettime, serving),
    CALL(clock_nanosleep, serving),
    CALL(futex, serving),
    CALL(get_robust_list, starting),
    CALL(getrandom, serving),
    CALL(gettimeofday, serving),
    CALL(madvise, serving),
    CALL(membarrier, serving),
    CALL(mincore, serving),
    CALL(mmap, limited),
    CALL(mprotect, limited),
    CALL(mremap, serving),
    CALL(munmap, serving),
    CALL(nanosleep, serving),
    CALL(restart_syscall, serving),
    CALL(rseq, serving),
    CALL(sched_getaffinity, serving),
    CALL(sched_getattr, serving),
    CALL(sched_setattr, starting),
    CALL(sched_yield, serving),
    CALL(set_robust_list, serving),
    CALL(set_tid_address, serving),
    CALL(setpriority, limited),
    CALL(sysinfo, serving),
};

constexpr std::array process_calls = {
    OLD_CALL(arch_prctl, starting), CALL(exit, serving),         CALL(exit_group, serving),
    CALL(getegid, serving),         CALL(geteuid, serving),      CALL(getgid, serving),
    CALL(getpid, serving),          CALL(getppid, serving),      OLD_CALL(getrlimit, serving),
    CALL(gettid, serving),          CALL(getuid, serving),       CALL(kill, starting),
    CALL(prlimit64, limited),       CALL(rt_sigaction, serving), CALL(rt_sigpending, serving),
    CALL(rt_sigprocmask, serving),  CALL(rt_sigreturn, serving), CALL(rt_sigtimedwait, serving),
    OLD_CALL(setrlimit, starting),  CALL(sigaltstack, serving),  CALL(signalfd4, serving),
    CALL(tgkill, limited),          CALL(umask, serving),        CALL(uname, serving),
    CALL(wait4, starting),
};

constexpr std::array sandbox_calls = {
    CALL(landlock_add_rule, starting),
    CALL(landlock_create_ruleset, starting),
    CALL(landlock_restrict_self, starting),
};

// chdir(2) and fchdir(2) also follow ROOT when it has changed.
constexpr std::array runtime_calls = {
    CALL(capget, starting),    CALL(capset, starting),      CALL(chdir, serving),
    OLD_CALL(chown, starting), CALL(close_range, starting), CALL(dup, serving),
    OLD_CALL(dup2, serving),   CALL(dup3, serving),         CALL(execve, starting),
    CALL(fchdir, serving),     CALL(fchown, starting),      CALL(fchownat, starting),
    CALL(pipe2, serving),      CALL(prctl, starting),       CALL(seccomp, starting),
    CALL(setgid, starting),    CALL(setgroups, starting),   CALL(setresgid, starting),
    CALL(setresuid, starting), CALL(setuid, starting),
};

constexpr std::array clone_calls = {CALL(clone, limited)};
constexpr std::array unshare_calls = {CALL(unshare, starting)};

constexpr std::array groups = {
    SystemCallGroup{"io_uring, which default profiles refuse", ring_calls},
    SystemCallGroup{"sockets and events", socket_calls},
    SystemCallGroup{"files", file_calls},
    SystemCallGroup{"memory, threads, time", memory_calls},
    SystemCallGroup{"the process and its signals", process_calls},
    SystemCallGroup{"the sandbox of quoitd, which seccomp, below, completes", sandbox_calls},
    SystemCallGroup{"what runc and crun do between this profile and the program", runtime_calls},
    SystemCallGroup{
        "threads, but no new namespaces; clone3 hides its flags, so libraries use clone",
        clone_calls, true, namespace_flags, 0},
    SystemCallGroup{"a working directory for each worker (CLONE_FS), and no namespaces",
                    unshare_calls, true, 0, CLONE_FS},
};

#undef CALL
#undef OLD_CALL

}  // namespace

std::span<const SystemCallGroup> system_calls() { return groups; }

// --- The profile ---

namespace {

void append_names(std::span<const SystemCall> calls, std::string& text) {
  constexpr std::size_t widest_line = 98;
  const std::string indent = "\n        ";
  std::size_t column = widest_line;
  for (const SystemCall& call : calls) {
    const std::string item = "\"" + std::string(call.name) + "\"";
    const bool is_first = &call == calls.data();
    if (column + item.size() + 3 > widest_line) {
      text += is_first ? indent : "," + indent;
      column = indent.size() - 1;
    } else {
      text += ", ";
      column += 2;
    }
    text += item;
    column += item.size();
  }
}

void append_group(const SystemCallGroup& group, std::string& text) {
  text += "    {\n      \"comment\": \"" + std::string(group.comment) + "\",\n";
  text += "      \"action\": \"SCMP_ACT_ALLOW\",\n      \"names\": [";
  append_names(group.calls, text);
  text += "\n      ]";
  if (group.has_argument && group.mask != 0) {
    text += ",\n      \"args\": [{\"index\": 0, \"value\": " + std::to_string(group.mask) +
            ", \"valueTwo\": " + std::to_string(group.value) + ", \"op\": \"SCMP_CMP_MASKED_EQ\"}]";
  } else if (group.has_argument) {
    text += ",\n      \"args\": [{\"index\": 0, \"value\": " + std::to_string(group.value) +
            ", \"valueTwo\": 0, \"op\": \"SCMP_CMP_EQ\"}]";
  }
  text += "\n    }";
}

}  // namespace

std::string container_profile() {
  std::string text =
      "{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"defaultErrnoRet\": 38,\n"
      "  \"archMap\": [\n"
      "    {\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": []},\n"
      "    {\"architecture\": \"SCMP_ARCH_AARCH64\", \"subArchitectures\": []}\n"
      "  ],\n  \"syscalls\": [\n";
  for (const SystemCallGroup& group : groups) {
    append_group(group, text);
    text += &group == &groups.back() ? "\n" : ",\n";
  }
  return text + "  ]\n}\n";
}

}  // namespace server
