// exact_time(): the wall clock as the server reads it, for tests of dates.
//
// std::time() reads a copy that the kernel updates with each timer tick: for up to 4 ms it returns
// the second before, so that a new file would seem to be from the future.
// Covered by tests/server/response_test.cc, which compares with it.
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
