// Runs a program under a seccomp profile of ours: under_profile PROFILE.json PROGRAM...
//
// A container's runtime turns the names in the profile into a filter; this does the same for the
// calls that it allows, without their arguments, and refuses a name that it does not know. What the
// profile does not name fails as it says it does. Used by tests/end_to_end/engine_test.cc.
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "apps/server/process/system_calls.h"

namespace {

// The number of a call; -1: this architecture has none. Nothing: no call of quoitd has this name.
std::optional<long> number_of(std::string_view name) {
  for (const server::SystemCallGroup& group : server::system_calls()) {
    for (const server::SystemCall& call : group.calls) {
      if (call.name == name) return call.number;
    }
  }
  return std::nullopt;
}

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
      const std::optional<long> number = number_of(name);
      if (!number) {
        std::fprintf(stderr, "under_profile: no call of the name %s\n", std::string(name).c_str());
        return {};
      }
      if (*number >= 0) numbers.push_back(static_cast<unsigned>(*number));
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
