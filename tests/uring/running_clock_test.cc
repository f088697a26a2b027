// The clock that leaves out the time in which the thread stood still.
#include "uring/running_clock.h"

#include <gtest/gtest.h>

namespace uring {
namespace {

constexpr Milliseconds begin = 1'000'000;
constexpr Milliseconds longest = RunningClock::longest_wait_ms;
constexpr Milliseconds most_late = RunningClock::most_late_ms;

TEST(RunningClock, follows_the_monotonic_clock_while_waits_end_in_time) {
  RunningClock clock;
  EXPECT_EQ(clock.read(begin), begin);
  EXPECT_EQ(clock.begin_wait(100), 100);
  EXPECT_EQ(clock.read(begin + 40), begin + 40);
  EXPECT_EQ(clock.begin_wait(100), 60) << "the first wake-up comes before";
  EXPECT_EQ(clock.read(begin + 100), begin + 100);
  EXPECT_EQ(clock.begin_wait(longest), longest);
  EXPECT_EQ(clock.read(begin + 100 + longest + most_late), begin + 100 + longest + most_late)
      << "as late as on a busy machine";
}

TEST(RunningClock, keeps_waits_short) {
  RunningClock clock;
  clock.read(begin);
  EXPECT_EQ(clock.begin_wait(60'000), longest);
  EXPECT_EQ(clock.wakes_at(), begin + longest);
  EXPECT_EQ(clock.begin_wait(0), 0);
  EXPECT_EQ(clock.begin_wait(forever), forever);
}

TEST(RunningClock, leaves_out_a_standstill_within_a_wait) {
  RunningClock clock;
  clock.read(begin);
  clock.begin_wait(100);
  EXPECT_EQ(clock.stood_still(), 0);
  EXPECT_EQ(clock.read(begin + 100 + most_late + 1), begin);
  EXPECT_EQ(clock.stood_still(), 100 + most_late + 1);
  EXPECT_EQ(clock.read(begin + 100 + most_late + 3), begin + 2);
  clock.begin_wait(60'000);
  EXPECT_EQ(clock.read(begin + 3'600'000), begin + 2) << "two standstills";
}

TEST(RunningClock, leaves_out_a_standstill_between_two_waits) {
  RunningClock clock;
  clock.read(begin);
  clock.begin_wait(100);
  clock.read(begin + 20);
  EXPECT_EQ(clock.read(begin + 9000), begin + 20);
}

TEST(RunningClock, counts_a_wait_without_a_limit) {
  RunningClock clock;
  clock.read(begin);
  clock.begin_wait(100);
  clock.begin_wait(forever);
  EXPECT_EQ(clock.read(begin + 3'600'000), begin + 3'600'000);
}

TEST(RunningClock, requests_a_wake_up_only_if_none_comes_in_time) {
  RunningClock clock;
  clock.read(begin);
  EXPECT_TRUE(clock.must_wake_after(100));
  EXPECT_EQ(clock.wakes_at(), begin + 100);
  clock.read(begin + 50);
  EXPECT_FALSE(clock.must_wake_after(100));
  EXPECT_TRUE(clock.must_wake_after(10));
  EXPECT_EQ(clock.wakes_at(), begin + 60);
  clock.read(begin + 60);
  EXPECT_TRUE(clock.must_wake_after(100)) << "that wake-up has come";
}

}  // namespace
}  // namespace uring
