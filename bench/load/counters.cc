// Reads /proc and perf events; see counters.h.
#include "bench/load/counters.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <linux/perf_event.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace load {

namespace {

namespace fs = std::filesystem;

std::vector<pid_t> numbers_in(const std::string& directory) {
  std::vector<pid_t> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const pid_t number = std::atoi(entry.path().filename().c_str());
    if (number > 0) numbers.push_back(number);
  }
  return numbers;
}

std::string proc(pid_t pid) { return "/proc/" + std::to_string(pid); }

// A counter of a thread, inherited by threads that it starts.
int open_counter(pid_t thread, std::uint64_t event, bool user, bool kernel) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.config = event;
  attributes.inherit = 1;
  attributes.exclude_user = !user;
  attributes.exclude_kernel = !kernel;
  attributes.exclude_hv = 1;
  return static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

std::uint64_t value_of(int fd) {
  std::uint64_t value = 0;
  return ::read(fd, &value, sizeof value) == sizeof value ? value : 0;
}

// The number after `name` and a colon in a file of /proc/PID; 0 if it is missing.
std::uint64_t number_in(pid_t pid, const char* file, const std::string& name) {
  std::ifstream lines(proc(pid) + file);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.rfind(name + ":", 0) == 0) {
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

}  // namespace

Usage operator-(const Usage& a, const Usage& b) {
  return {a.cpu_ns - b.cpu_ns, a.user_instructions - b.user_instructions,
          a.kernel_instructions - b.kernel_instructions, a.cycles - b.cycles};
}

std::vector<pid_t> threads_of(pid_t process) { return numbers_in(proc(process) + "/task"); }

std::vector<pid_t> processes_of(pid_t root) {
  std::vector<pid_t> found{root};
  const std::vector<pid_t> all = numbers_in("/proc");
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const pid_t pid : all) {
      if (number_in(pid, "/status", "PPid") == static_cast<std::uint64_t>(found[i]))
        found.push_back(pid);
    }
  }
  return found;
}

Counters::Counters(pid_t server) {
  if (server == 0) return;
  processes_ = processes_of(server);
  for (const pid_t process : processes_) {
    for (const pid_t thread : threads_of(process)) {
      const std::array<int, 3> fds = {open_counter(thread, PERF_COUNT_HW_INSTRUCTIONS, true, false),
                                      open_counter(thread, PERF_COUNT_HW_INSTRUCTIONS, false, true),
                                      open_counter(thread, PERF_COUNT_HW_CPU_CYCLES, true, true)};
      if (fds[0] >= 0 && fds[1] >= 0) hardware_.push_back(fds);
    }
  }
}

Counters::~Counters() {
  for (const auto& fds : hardware_) {
    for (const int fd : fds) ::close(fd);
  }
}

Usage Counters::read() const {
  Usage usage;
  for (const pid_t process : processes_) {
    for (const pid_t thread : threads_of(process)) {
      std::ifstream file(proc(process) + "/task/" + std::to_string(thread) + "/schedstat");
      std::uint64_t nanoseconds = 0;
      if (file >> nanoseconds) usage.cpu_ns += nanoseconds;
    }
  }
  for (const auto& fds : hardware_) {
    usage.user_instructions += value_of(fds[0]);
    usage.kernel_instructions += value_of(fds[1]);
    usage.cycles += value_of(fds[2]);
  }
  return usage;
}

std::uint64_t memory_kib(pid_t root, const char* line) {
  std::uint64_t sum = 0;
  for (const pid_t pid : processes_of(root)) {
    sum += number_in(pid, "/smaps_rollup", line);
  }
  return sum;
}

}  // namespace load
