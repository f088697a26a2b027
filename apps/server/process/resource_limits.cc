// CPUs and open files. Covered by tests/server/process/resource_limits_test.cc.
#include "apps/server/process/resource_limits.h"

#include <algorithm>
#include <sched.h>
#include <sys/resource.h>

namespace server {

unsigned usable_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

std::uint64_t raise_file_limit() {
  constexpr std::uint64_t usual_limit = 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return usual_limit;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// A connection has up to three descriptors open: its socket, and a file and its directory during an
// upload. Publishing an upload needs up to three more for a moment, and fails with 503 if there are
// none. Some descriptors are reserved for logs, rings and listening sockets.
std::uint64_t connections_for(std::uint64_t files) {
  constexpr std::uint64_t reserved = 64;
  constexpr std::uint64_t most = 1'000'000;
  return std::clamp<std::uint64_t>(files > reserved ? (files - reserved) / 3 : 1, 1, most);
}

}  // namespace server
