// fork(2), execvp(3) and wait4(2); see whole.h.
#include "bench/load/whole.h"

#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/load/socket.h"

namespace load {

namespace {

std::int64_t microseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

// Standard error stays, for the reason of a failure.
[[noreturn]] void execute(std::span<char*> command) {
  const int none = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(none, STDIN_FILENO);
  ::dup2(none, STDOUT_FILENO);
  ::execvp(command[0], command.data());
  std::perror(command[0]);
  ::_exit(127);
}

}  // namespace

int measure_whole(std::span<char*> command) {
  const std::uint64_t began_ns = now_ns();
  const pid_t child = ::fork();
  if (child == 0) execute(command);
  int status = 0;
  rusage usage{};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child) return 1;
  const std::uint64_t wall_us = (now_ns() - began_ns) / 1000;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "bench_load: %s ended with status %d\n", command[0], status);
    return 2;
  }
  std::printf("cpu_us=%ld wall_us=%lu peak_kib=%ld waits=%ld preemptions=%ld\n",
              microseconds(usage.ru_utime) + microseconds(usage.ru_stime), wall_us, usage.ru_maxrss,
              usage.ru_nvcsw, usage.ru_nivcsw);
  return 0;
}

}  // namespace load
