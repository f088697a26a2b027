// Idle connections, start-up, cold files; see special.h.
#include "bench/load/special.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "bench/load/counters.h"
#include "bench/load/mark.h"
#include "bench/load/socket.h"
#include "bench/load/stream.h"

namespace load {

namespace {

constexpr std::string_view small_request = "GET /1k HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr std::uint64_t second = 1'000'000'000;

// Sends one request on a blocking socket and reads the response, a head and 1 KiB.
bool exchange(int fd) {
  if (::send(fd, small_request.data(), small_request.size(), MSG_NOSIGNAL) < 0) return false;
  std::string answer;
  char room[4096];
  for (;;) {
    const ssize_t count = ::recv(fd, room, sizeof room, 0);
    if (count <= 0) return false;
    answer.append(room, static_cast<std::size_t>(count));
    const std::size_t end = answer.find("\r\n\r\n");
    if (end != answer.npos && answer.size() >= end + 4 + 1024) return true;
  }
}

}  // namespace

int measure_idle(std::uint16_t port, pid_t server, unsigned count) {
  std::vector<int> idle;
  for (int i = 0; i < 100; ++i) {  // memory that grows only once does not belong to a connection
    const int fd = connect_to(port);
    exchange(fd);
    ::close(fd);
  }
  const std::uint64_t before = memory_kib(server, "Anonymous");
  for (unsigned i = 0; i < count; ++i) {
    idle.push_back(connect_to(port));
    if (!exchange(idle.back())) {
      std::fprintf(stderr, "bench_load: connection %u was not answered\n", i);
      return 1;
    }
  }
  const std::uint64_t after = memory_kib(server, "Anonymous");
  std::printf("connections=%u grown_kib=%lu rss_kib=%lu\n", count, after - before,
              memory_kib(server, "Rss"));
  for (const int fd : idle) ::close(fd);
  return 0;
}

int measure_start(std::uint16_t port, unsigned rounds, std::span<char*> command,
                  const std::string& maps) {
  std::vector<std::uint64_t> times;
  std::uint64_t resident = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    mark_begin();
    const std::uint64_t began = now_ns();
    const pid_t child = ::fork();
    if (child == 0) {
      ::setpgid(0, 0);
      ::execv(command[0], command.data());
      ::_exit(127);
    }
    int fd = -1;
    for (int tries = 0; (fd = try_connect(port)) < 0; ++tries) {
      if (tries > 20000 || ::waitpid(child, nullptr, WNOHANG) != 0) return 1;
      ::usleep(50);
    }
    if (!exchange(fd)) return 1;
    times.push_back(now_ns() - began);
    mark_end();
    resident = memory_kib(child, "Rss");
    if (!maps.empty()) {
      std::ofstream(maps) << std::ifstream("/proc/" + std::to_string(child) + "/maps").rdbuf();
    }
    ::close(fd);
    ::kill(-child, SIGTERM);
    ::waitpid(child, nullptr, 0);
    while ((fd = try_connect(port)) >= 0) {  // waits until its last process has ended
      ::close(fd);
      ::usleep(1000);
    }
  }
  std::sort(times.begin(), times.end());
  std::printf("%sstart_us=%lu rss_kib=%lu\n", rounds == 1 ? "marked=1 " : "",
              times[times.size() / 2] / 1000, resident);
  return 0;
}

namespace {

// Reads the cold file repeatedly, until it is killed; counts its bytes in `total`. It shares a CPU
// with the clients of the hot file, and lets the kernel discard the received bytes to use little of
// it.
[[noreturn]] void read_cold_file(std::uint16_t port, const std::string& file,
                                 volatile std::uint64_t* total) {
  constexpr std::size_t most = 1 << 18;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    const int cold = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    ::posix_fadvise(cold, 0, 0, POSIX_FADV_DONTNEED);
    ::close(cold);
    const int fd = connect_to(port);
    constexpr std::string_view request =
        "GET /cold HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    ssize_t count = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    while (count > 0 && (count = ::recv(fd, nullptr, most, MSG_TRUNC)) > 0) {
      *total = *total + static_cast<std::uint64_t>(count);
    }
    ::close(fd);
  }
}

}  // namespace

int measure_cold(std::uint16_t port, pid_t server, const std::string& file,
                 std::uint64_t nanoseconds) {
  const Case hot{.name = "cold", .target = "/1k", .connections = 8, .body_bytes = 1024};
  Limits limits{.warm = 1000, .requests = ~0ull, .nanoseconds = nanoseconds};
  const Counters counters(server);
  const Outcome alone = Stream(hot, port, "", counters).run(limits);
  void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
  auto* total = static_cast<volatile std::uint64_t*>(shared);
  const pid_t reader = ::fork();
  if (reader == 0) read_cold_file(port, file, total);
  while (*total == 0) ::usleep(1000);
  const std::uint64_t before = *total;
  limits.warm = 0;  // a blocked server would never finish the warm-up
  const Outcome beside = Stream(hot, port, "", counters).run(limits);
  const std::uint64_t cold_bytes = *total - before;
  ::kill(reader, SIGKILL);
  ::waitpid(reader, nullptr, 0);
  const auto rate = [](std::uint64_t count, const Outcome& o) {
    return static_cast<double>(count) * static_cast<double>(second) /
           static_cast<double>(o.nanoseconds);
  };
  std::printf(
      "alone_p50_us=%.1f alone_p99_us=%.1f alone_rate=%.0f "
      "p50_us=%.1f p99_us=%.1f rate=%.0f cold_mib_s=%.0f\n",
      static_cast<double>(alone.times.at(0.5)) / 1e3,
      static_cast<double>(alone.times.at(0.99)) / 1e3, rate(alone.requests, alone),
      static_cast<double>(beside.times.at(0.5)) / 1e3,
      static_cast<double>(beside.times.at(0.99)) / 1e3, rate(beside.requests, beside),
      rate(cold_bytes, beside) / (1 << 20));
  return 0;
}

}  // namespace load
