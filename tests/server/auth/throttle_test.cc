// How often an address may fail, and when it may again.
#include "apps/server/auth/throttle.h"

#include <gtest/gtest.h>

namespace server {
namespace {

constexpr std::int64_t start_ms = 1'000'000;

TEST(Throttle, AllowsTenFailuresAtOnce) {
  Throttle throttle(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(throttle.charge(7, start_ms), 0) << i;
  EXPECT_EQ(throttle.charge(7, start_ms), 2000);
  EXPECT_EQ(throttle.charge(7, start_ms + 500), 1500);
  EXPECT_EQ(throttle.charge(8, start_ms), 0) << "another address";
}

TEST(Throttle, AllowsOneMoreEveryTwoSeconds) {
  Throttle throttle(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(throttle.charge(7, start_ms), 0);
  EXPECT_EQ(throttle.charge(7, start_ms + 1999), 1);
  EXPECT_EQ(throttle.charge(7, start_ms + 2000), 0);
  EXPECT_EQ(throttle.charge(7, start_ms + 2000), 2000);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(throttle.charge(7, start_ms + 22'000), 0) << i;
  EXPECT_GT(throttle.charge(7, start_ms + 22'000), 0);
}

TEST(Throttle, RefundsARightPassword) {
  Throttle throttle(1);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(throttle.charge(7, start_ms), 0) << i;
    throttle.refund(7);
  }
  throttle.refund(9);
}

// A table of fixed size: addresses that failed longest ago make place, and the others stay.
TEST(Throttle, KeepsThoseThatFailedLast) {
  Throttle throttle(1);
  for (std::uint64_t address = 1; address <= 100'000; ++address) {
    ASSERT_EQ(throttle.charge(address, start_ms + static_cast<std::int64_t>(address)), 0);
  }
  for (int i = 0; i < 9; ++i) EXPECT_EQ(throttle.charge(100'000, start_ms + 100'000), 0);
  EXPECT_GT(throttle.charge(100'000, start_ms + 100'000), 0);
}

}  // namespace
}  // namespace server
