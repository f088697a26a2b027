// The monotonic clock: its units agree, and it does not go back.
#include "uring/monotonic.h"

#include <gtest/gtest.h>

namespace uring {
namespace {

// Each reading is later than the one before it, and units round down.
TEST(MonotonicClock, ReadsEqualTimesInAllUnits) {
  const std::int64_t first_ns = monotonic_ns();
  const std::int64_t us = monotonic_us();
  const Milliseconds ms = monotonic_ms();
  const std::int64_t last_ns = monotonic_ns();
  EXPECT_GE(us, first_ns / 1000);
  EXPECT_LE(us, last_ns / 1000);
  EXPECT_GE(ms, us / 1000);
  EXPECT_LE(ms, last_ns / 1'000'000);
}

TEST(MonotonicClock, NeverGoesBack) {
  std::int64_t before = monotonic_ns();
  EXPECT_GT(before, 0);
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t now = monotonic_ns();
    ASSERT_GE(now, before);
    before = now;
  }
}

}  // namespace
}  // namespace uring
