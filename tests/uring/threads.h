// Counting the threads of the process, for the tests of code that starts threads.
//
// A thread may be listed for a moment after it was joined. Used by epoll_test.cc and
// file_threads_test.cc.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace uring::lab {

// The number of threads of this process.
inline std::size_t threads_of_process() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace uring::lab
