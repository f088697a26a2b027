// The resources that a server has used, read from outside: time, instructions if the machine counts
// them, and memory. The server is a process with all its threads (including io_uring's workers) and
// the processes that it started. Tried by ./dev bench.
#pragma once

#include <array>
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace load {

struct Usage {
  std::uint64_t cpu_ns = 0;  // user and kernel
  // From hardware counters; 0 where there are none.
  std::uint64_t user_instructions = 0;
  std::uint64_t kernel_instructions = 0;
  std::uint64_t cycles = 0;
};

Usage operator-(const Usage& a, const Usage& b);

class Counters {
 public:
  // Counts `server` and the processes that it has started by now; nothing for 0.
  explicit Counters(pid_t server);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  Usage read() const;
  bool hardware() const { return !hardware_.empty(); }

 private:
  std::vector<pid_t> processes_;
  std::vector<std::array<int, 3>> hardware_;  // descriptors, for each thread
};

// A process and its children and grandchildren.
std::vector<pid_t> processes_of(pid_t root);

// The threads of a process.
std::vector<pid_t> threads_of(pid_t process);

// Sums of one line of /proc/PID/smaps_rollup (Rss, Anonymous) over the processes of `root`, in KiB.
// Unlike the numbers in /proc/PID/status these are exact.
std::uint64_t memory_kib(pid_t root, const char* line);

}  // namespace load
