// The pace of transfers, by the clock of the test.
#include "apps/client/session/pace.h"

#include <limits>

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Pace, LetsAsManyBytesMoveAsItsRate) {
  Pace pace(1000);
  EXPECT_TRUE(pace.is_limited());
  std::int64_t now_ms = 5000;
  std::uint64_t moved = 0;
  while (now_ms < 15'000) {
    const std::int64_t wait_ms = pace.spend(pace.most_at_once(), now_ms);
    moved += pace.most_at_once();
    now_ms += wait_ms;
  }
  EXPECT_GE(moved, 9'000U);
  EXPECT_LE(moved, 11'000U);
}

TEST(Pace, IsSharedByAllConnections) {
  Pace pace(1000);
  EXPECT_EQ(pace.spend(500, 0), 500);
  EXPECT_EQ(pace.spend(500, 0), 1000);
  EXPECT_EQ(pace.spend(500, 1000), 500);
}

TEST(Pace, SavesNothingUp) {
  Pace pace(1000);
  EXPECT_EQ(pace.spend(100, 0), 100);
  EXPECT_EQ(pace.spend(100, 60'000), 100);
}

TEST(Pace, LosesNoFractions) {
  Pace pace(3'000'000);  // a byte takes a third of a microsecond
  std::int64_t now_ms = 0;
  std::uint64_t moved = 0;
  // Each piece takes a third of a millisecond.
  for (; now_ms < 1000; moved += 1'000) now_ms += pace.spend(1'000, now_ms);
  EXPECT_NEAR(static_cast<double>(moved), 3e6, 3e4);
}

TEST(Pace, MayBeUnlimitedOrHuge) {
  Pace none(0);
  EXPECT_FALSE(none.is_limited());
  EXPECT_EQ(none.spend(1'000'000'000, 0), 0);
  EXPECT_EQ(none.most_at_once(), std::numeric_limits<std::size_t>::max());
  Pace huge(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(huge.spend(1'000'000, 0), 0);
  Pace slow(1);
  EXPECT_EQ(slow.most_at_once(), 512U);
  EXPECT_EQ(slow.spend(2, 0), 2000);
}

TEST(SpeedCheck, FindsAWindowWithTooFewBytes) {
  SpeedCheck check;
  EXPECT_FALSE(check.is_too_slow(1'000'000)) << "it has not begun";
  check.begin(100, 3000, 0);
  EXPECT_EQ(check.left_ms(1000), 2000);
  check.add(299);
  EXPECT_FALSE(check.is_too_slow(2999));
  EXPECT_TRUE(check.is_too_slow(3000));
}

TEST(SpeedCheck, BeginsTheNextWindow) {
  SpeedCheck check;
  check.begin(100, 3000, 0);
  check.add(300);
  EXPECT_FALSE(check.is_too_slow(3000));
  EXPECT_EQ(check.left_ms(3000), 3000);
  EXPECT_FALSE(check.is_too_slow(5999));
  EXPECT_TRUE(check.is_too_slow(6000)) << "the bytes of the first window count no more";
  EXPECT_TRUE(check.has_failed());
  check.end();
  EXPECT_FALSE(check.is_active());
  EXPECT_FALSE(check.is_too_slow(60'000));
}

}  // namespace
}  // namespace client
