// SplitMix64: the sequence that other implementations give, and bounds.
#include "parser/splitmix64.h"

#include <array>

#include <gtest/gtest.h>

namespace http1 {
namespace {

TEST(SplitMix64Numbers, AreThoseOfOtherImplementations) {
  SplitMix64 from_zero(0);
  EXPECT_EQ(from_zero.next(), 0xe220a8397b1dcdaf);
  EXPECT_EQ(from_zero.next(), 0x6e789e6aa1b965f4);
  EXPECT_EQ(from_zero.next(), 0x06c45d188009454f);
  SplitMix64 random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
}

TEST(SplitMix64Numbers, StayBelowTheirBoundAndReachAllOfIt) {
  SplitMix64 random(1);
  std::array<int, 7> seen{};
  for (int i = 0; i < 1000; ++i) ++seen.at(random.below(seen.size()));
  for (const int count : seen) EXPECT_GT(count, 0);
  EXPECT_EQ(random.below(1), 0U);
}

}  // namespace
}  // namespace http1
