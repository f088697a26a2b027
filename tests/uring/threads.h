// Counting the threads of the process, for the tests of code that starts threads.
//
// A thread may be listed for a moment after it was joined. Used by epoll_test.cc and
// file_threads_test.cc.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <unistd.h>

namespace uring::lab {

// Starts a thread, and waits until it is not listed any more. ThreadSanitizer starts a thread of
// its own with the first one of a program, which the tests must not count.
inline void start_first_thread() {
  pid_t id = 0;
  std::thread([&id] { id = ::gettid(); }).join();
  while (std::filesystem::exists("/proc/self/task/" + std::to_string(id))) {
    std::this_thread::yield();
  }
}

// The number of threads of this process.
inline std::size_t threads_of_process() {
  [[maybe_unused]] static const bool has_started = [] { return start_first_thread(), true; }();
  const std::filesystem::directory_iterator all("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace uring::lab
