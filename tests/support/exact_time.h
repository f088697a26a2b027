// exact_time(): the wall clock as the server reads it, for tests of dates.
//
// std::time() reads a copy that the kernel renews with each timer tick: for up to 4 ms it names the
// second before, and what has just happened would be of the future.
// Covered by tests/server/connection/response_test.cc, which compares with it.
#pragma once

#include <ctime>

namespace test_support {

// Seconds since the epoch, rounded down.
inline std::time_t exact_time() {
  std::timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec;
}

}  // namespace test_support
