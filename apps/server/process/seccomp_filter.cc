// The filter as a program of classic BPF. seccomp(2) and the kernel's seccomp_filter.rst describe
// it. Covered by tests/server/process/escape_test.cc and tests/end_to_end/sandbox_test.cc.
#include "apps/server/process/seccomp_filter.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "apps/server/process/system_calls.h"

namespace server {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t architecture = 0;  // none: see enter_call_filter()
#endif

// Numbers from this one on are calls of the x32 interface of x86-64.
constexpr std::uint32_t first_x32_call = 0x40000000;

constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;

// Instructions of the filter. Each skip is over the instructions of one check, so that jumps are
// short.
class Filter {
 public:
  void load(std::size_t offset) {
    add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  }
  // The low half of an argument, and the high one; both supported architectures are little-endian.
  void load_argument(unsigned index) { load(argument_at(index)); }
  void load_high_half(unsigned index) { load(argument_at(index) + sizeof(std::uint32_t)); }
  void mask(std::uint32_t bits) { add(BPF_ALU | BPF_AND | BPF_K, bits); }
  void give(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
  // Skips the next instructions unless the loaded value is `value`.
  void skip_unless(std::uint32_t value, std::uint8_t instructions) {
    program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, instructions));
  }
  void give_if(std::uint32_t value, std::uint32_t action) {
    skip_unless(value, 1);
    give(action);
  }
  void give_if_at_least(std::uint32_t value, std::uint32_t action) {
    program_.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, 1));
    give(action);
  }
  // Allows the call if that argument, a pointer, is null, and refuses it otherwise.
  static constexpr std::uint8_t instructions_for_null = 6;
  void allow_if_null(unsigned index) {
    load_argument(index);
    skip_unless(0, 3);
    load_high_half(index);
    give_if(0, allowed);
    give(refused);
  }
  std::vector<sock_filter>& program() { return program_; }

 private:
  static std::size_t argument_at(unsigned index) {
    return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t);
  }
  void add(unsigned code, std::uint32_t value) {
    program_.push_back(BPF_STMT(static_cast<std::uint16_t>(code), value));
  }

  std::vector<sock_filter> program_;
};

// Memory that is writable or not, but never executable: argument 2 of mmap(2) and mprotect(2).
void check_protection(long number, Filter& filter) {
  filter.skip_unless(static_cast<std::uint32_t>(number), 4);
  filter.load_argument(2);
  filter.mask(PROT_EXEC);
  filter.give_if(0, allowed);
}

// Threads, with CLONE_THREAD, and neither processes nor namespaces.
void check_clone(long number, Filter& filter) {
  filter.skip_unless(static_cast<std::uint32_t>(number), 4);
  filter.load_argument(0);
  filter.mask(static_cast<std::uint32_t>(namespace_flags) | CLONE_THREAD);
  filter.give_if(CLONE_THREAD, allowed);
}

// Signals to threads of this process, as abort(3) sends them.
void check_tgkill(long number, Filter& filter) {
  filter.skip_unless(static_cast<std::uint32_t>(number), 3);
  filter.load_argument(0);
  filter.give_if(static_cast<std::uint32_t>(::getpid()), allowed);
}

// Reading a limit of this process: getrlimit(2).
void check_prlimit(long number, Filter& filter) {
  filter.skip_unless(static_cast<std::uint32_t>(number), 2 + Filter::instructions_for_null);
  filter.load_argument(0);
  filter.skip_unless(0, Filter::instructions_for_null);
  filter.allow_if_null(2);
}

// The bytes in the queues of a socket, the flags of a file, and whether a descriptor is a terminal.
// A terminal's other requests could type commands into it.
void check_ioctl(long number, Filter& filter) {
  filter.skip_unless(static_cast<std::uint32_t>(number), 9);
  filter.load_argument(1);
  constexpr std::array<std::uint32_t, 4> requests = {TIOCOUTQ, FIONREAD, TCGETS, FS_IOC_GETFLAGS};
  for (const std::uint32_t request : requests) filter.give_if(request, allowed);
}

// The times of an open file: futimens(3), whose path is null.
void check_utimensat(long number, Filter& filter) {
  filter.skip_unless(static_cast<std::uint32_t>(number), Filter::instructions_for_null);
  filter.allow_if_null(1);
}

// The niceness of the calling thread.
void check_setpriority(long number, Filter& filter) {
  filter.skip_unless(static_cast<std::uint32_t>(number), 5);
  filter.load_argument(0);
  filter.skip_unless(PRIO_PROCESS, 3);
  filter.load_argument(1);
  filter.give_if(0, allowed);
}

// A check replaces the loaded number by an argument. If it allows nothing, the program goes on
// behind it: the next check loads the number again and finds another one, and the last instruction
// refuses the call.
void add_limited(long number, Filter& filter) {
  switch (number) {
    case SYS_mmap:
    case SYS_mprotect: check_protection(number, filter); break;
    case SYS_clone: check_clone(number, filter); break;
    case SYS_tgkill: check_tgkill(number, filter); break;
    case SYS_prlimit64: check_prlimit(number, filter); break;
    case SYS_ioctl: check_ioctl(number, filter); break;
    case SYS_setpriority: check_setpriority(number, filter); break;
    case SYS_utimensat: check_utimensat(number, filter); break;
    default: break;
  }
}

// Calls that are made for requests come first: the kernel caches the answer for those whose
// arguments do not matter, and evaluates the program for the others.
std::vector<sock_filter> make_program() {
  Filter filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.skip_unless(architecture, 1);
  filter.program().push_back(BPF_STMT(BPF_JMP | BPF_JA, 1));
  filter.give(refused);
  filter.load(offsetof(seccomp_data, nr));
  filter.give_if_at_least(first_x32_call, refused);
  for (const SystemCallGroup& group : system_calls()) {
    for (const SystemCall& call : group.calls) {
      if (call.number < 0 || call.use != SystemCall::Use::serving) continue;
      filter.give_if(static_cast<std::uint32_t>(call.number), allowed);
    }
  }
  filter.give_if(SYS_clone3, unknown);
  for (const SystemCallGroup& group : system_calls()) {
    for (const SystemCall& call : group.calls) {
      if (call.use != SystemCall::Use::limited) continue;
      filter.load(offsetof(seccomp_data, nr));
      add_limited(call.number, filter);
    }
  }
  filter.give(refused);
  return std::move(filter.program());
}

}  // namespace

int enter_call_filter() {
  if (architecture == 0) return ENOSYS;
  std::vector<sock_filter> instructions = make_program();
  const sock_fprog program{.len = static_cast<unsigned short>(instructions.size()),
                           .filter = instructions.data()};
  // Without SPEC_ALLOW, kernels before 5.16 slow every thread down by a mitigation that is meant
  // for programs which run code of others.
  constexpr unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) return errno;
  return result == 0 ? 0 : EBUSY;  // a thread that has a filter of its own
}

}  // namespace server
