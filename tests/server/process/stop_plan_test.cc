// The steps of the end, by a clock of the test.
#include "apps/server/process/stop_plan.h"

#include <gtest/gtest.h>

namespace server {
namespace {

using Step = StopPlan::Step;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t delay_ms = 5'000;
constexpr std::int64_t grace_ms = 10'000;

TEST(StopPlan, waits_for_nothing_while_the_server_runs) {
  StopPlan plan(delay_ms, grace_ms);
  EXPECT_FALSE(plan.has_begun());
  EXPECT_EQ(plan.wait_ms(1), -1);
  EXPECT_EQ(plan.on_time(1'000 * second_us), Step::none);
}

TEST(StopPlan, drains_at_the_first_signal_and_aborts_at_the_second) {
  StopPlan plan(0, grace_ms);
  EXPECT_EQ(plan.on_signal(second_us), Step::drain);
  EXPECT_TRUE(plan.has_begun());
  EXPECT_EQ(plan.on_signal(second_us), Step::abort);
  EXPECT_EQ(plan.on_signal(second_us), Step::none);
  EXPECT_EQ(plan.wait_ms(second_us), -1);
}

TEST(StopPlan, is_not_ready_during_the_delay_and_drains_after_it) {
  StopPlan plan(delay_ms, grace_ms);
  EXPECT_EQ(plan.on_signal(second_us), Step::none);
  EXPECT_TRUE(plan.has_begun());
  EXPECT_EQ(plan.wait_ms(second_us), 5'000);
  EXPECT_EQ(plan.on_time(6 * second_us - 1), Step::none);
  EXPECT_EQ(plan.wait_ms(6 * second_us - 1), 1);
  EXPECT_EQ(plan.on_time(6 * second_us), Step::drain);
  EXPECT_EQ(plan.on_time(6 * second_us), Step::none);
}

TEST(StopPlan, counts_the_grace_period_from_the_end_of_the_delay) {
  StopPlan plan(delay_ms, grace_ms);
  EXPECT_EQ(plan.on_signal(0), Step::none);
  EXPECT_EQ(plan.on_time(7 * second_us), Step::drain);
  EXPECT_EQ(plan.wait_ms(7 * second_us), 10'000);
  EXPECT_EQ(plan.on_time(17 * second_us - 1), Step::none);
  EXPECT_EQ(plan.on_time(17 * second_us), Step::abort);
}

TEST(StopPlan, aborts_at_a_second_signal_during_the_delay) {
  StopPlan plan(delay_ms, grace_ms);
  EXPECT_EQ(plan.on_signal(0), Step::none);
  EXPECT_EQ(plan.on_signal(1), Step::abort);
  EXPECT_EQ(plan.on_time(100 * second_us), Step::none);
}

TEST(StopPlan, drains_at_once_when_the_server_was_replaced) {
  StopPlan plan(delay_ms, grace_ms);
  EXPECT_EQ(plan.on_replaced(0), Step::drain);
  EXPECT_EQ(plan.on_replaced(1), Step::none);
  EXPECT_EQ(plan.wait_ms(0), 10'000);
  EXPECT_EQ(plan.on_signal(1), Step::abort);

  StopPlan delayed(delay_ms, grace_ms);
  EXPECT_EQ(delayed.on_signal(0), Step::none);
  EXPECT_EQ(delayed.on_replaced(1), Step::drain);
}

}  // namespace
}  // namespace server
