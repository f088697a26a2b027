// Reading the state of the machine from /proc and uname(2), where the error needs it: without free
// descriptors no file can be read. Covered by tests/uring/refusal_test.cc.
#include "uring/refusal.h"

#include <cerrno>
#include <fstream>
#include <string_view>
#include <sys/utsname.h>

#include <liburing.h>

#include "uring/result.h"

namespace uring {

namespace {

constexpr std::string_view profile =
    "a seccomp profile forbids io_uring (as Docker's and containerd's default profiles do); "
    "start the container with one that allows it, such as packaging/seccomp.json";

std::string first_line_of(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool under_seccomp_filter() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("Seccomp:", 0) == 0) return line.find('2') != std::string::npos;
  }
  return false;
}

// Why io_uring_setup(2) fails with EPERM.
std::string explain_prohibition() {
  const std::string sysctl = first_line_of("/proc/sys/kernel/io_uring_disabled");
  if (sysctl == "1") {
    return "the sysctl kernel.io_uring_disabled is 1: allow it with 'sysctl "
           "kernel.io_uring_disabled=0', or join the group in kernel.io_uring_group";
  }
  if (sysctl == "2") {
    return "the sysctl kernel.io_uring_disabled is 2: allow it with 'sysctl "
           "kernel.io_uring_disabled=0'";
  }
  return std::string(profile);
}

std::string kernel_release() {
  utsname name{};
  ::uname(&name);
  return name.release;
}

}  // namespace

std::string explain_refusal(int error) {
  switch (error) {
    case EPERM: return explain_prohibition();
    case ENOSYS:
      if (under_seccomp_filter()) return std::string(profile);
      return "this kernel (" + kernel_release() + ") has no io_uring; it takes Linux 5.19 or later";
    case EINVAL:
      return "this kernel (" + kernel_release() +
             ") has too old an io_uring; it takes Linux 5.19 or later";
    case ENOMEM:
      return "no memory for the ring; raise the locked-memory limit ('ulimit -l') or free memory";
    case EMFILE:
    case ENFILE: return "too many open files; raise the limit with 'ulimit -n'";
    default: return std::string("the kernel says: ") + error_text(error);
  }
}

std::string advice_if_refused() {
  io_uring ring{};
  const int result = ::io_uring_queue_init(1, &ring, 0);
  if (result < 0) return explain_refusal(-result);
  ::io_uring_queue_exit(&ring);
  return {};
}

}  // namespace uring
