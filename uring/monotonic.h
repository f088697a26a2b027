// The monotonic clock (CLOCK_MONOTONIC), for durations and deadlines: it counts from an arbitrary
// start, never goes back, and stands still while the machine is suspended.
//
// Safe on every thread; a call takes no system call where the kernel has a vDSO clock. Covered by
// tests/uring/monotonic_test.cc.
#pragma once

#include <cstdint>
#include <time.h>

namespace uring {

// A duration, or a time of the monotonic clock or of an engine's clock (Engine::now()).
using Milliseconds = std::int64_t;

// The timeout of a wait that has none.
inline constexpr Milliseconds forever = -1;

inline std::int64_t monotonic_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

inline std::int64_t monotonic_us() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

inline Milliseconds monotonic_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace uring
