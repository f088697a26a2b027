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

std::size_t cached_files_for(std::uint64_t files, unsigned workers) {
  constexpr std::uint64_t most = 256;
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(files / 8 / workers, 1, most));
}

// The standard streams, the root, three event descriptors, and one of each log and one more while
// it is opened again. For each worker: its engine (two), inotify(7), an event descriptor and its
// listening sockets. For the client: a connection, which is refused, and one with an upload. The
// rest is for what libraries and the sweep open for a moment.
std::uint64_t needed_files(unsigned workers, std::size_t addresses, unsigned logs, unsigned admin) {
  constexpr std::uint64_t process = 3 + 1 + 3;
  constexpr std::uint64_t clients = 4;
  constexpr std::uint64_t others = 6;
  return process + admin + 2 * std::uint64_t{logs} + workers * (4 + addresses) + clients + others;
}

// An upload has three descriptors open: its socket, its file and its directory. Publishing it needs
// up to three more for a moment, and fails with 503 if there are none.
std::uint64_t connections_for(std::uint64_t files) {
  constexpr std::uint64_t most = 1'000'000;
  return std::clamp<std::uint64_t>(files / 3, 1, most);
}

}  // namespace server
