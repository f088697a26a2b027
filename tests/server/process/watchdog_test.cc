// When to report to the service manager.
#include "apps/server/process/watchdog.h"

#include <gtest/gtest.h>

namespace server {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t begin_us = 5000 * second_us;

TEST(Watchdog, IsNeverDueWithoutAnInterval) {
  Watchdog watchdog(0);
  EXPECT_EQ(watchdog.left_ms(begin_us), -1);
  EXPECT_FALSE(watchdog.step(begin_us, true));
}

TEST(Watchdog, ReportsTwiceInEachIntervalWhileAllWorkersRespond) {
  Watchdog watchdog(30 * second_us);
  int reports = 0;
  for (int second = 0; second < 150; ++second) {
    if (watchdog.step(begin_us + second * second_us, true)) ++reports;
  }
  EXPECT_EQ(reports, 10);
}

TEST(Watchdog, ReportsNothingWhileAWorkerDoesNotRespond) {
  Watchdog watchdog(30 * second_us);
  EXPECT_TRUE(watchdog.step(begin_us, true));
  for (int second = 1; second < 300; ++second) {
    EXPECT_FALSE(watchdog.step(begin_us + second * second_us, false)) << second;
  }
}

TEST(Watchdog, ReportsSoonAfterALateResponse) {
  Watchdog watchdog(32 * second_us);
  EXPECT_TRUE(watchdog.step(begin_us, true));
  EXPECT_FALSE(watchdog.step(begin_us + 16 * second_us, false));
  EXPECT_EQ(watchdog.left_ms(begin_us + 16 * second_us), 2000);
  EXPECT_FALSE(watchdog.step(begin_us + 17 * second_us, true));  // too early to look again
  EXPECT_TRUE(watchdog.step(begin_us + 18 * second_us, true));
}

TEST(Watchdog, TheWaitEndsWhenTheNextStepIsDue) {
  Watchdog watchdog(second_us);
  EXPECT_EQ(watchdog.left_ms(begin_us), 0);
  EXPECT_TRUE(watchdog.step(begin_us, true));
  EXPECT_EQ(watchdog.left_ms(begin_us), 500);
  EXPECT_EQ(watchdog.left_ms(begin_us + 499'999), 1);
  EXPECT_EQ(watchdog.left_ms(begin_us + 500'000), 0);
  EXPECT_EQ(watchdog.left_ms(begin_us + 700'000), 0);
}

}  // namespace
}  // namespace server
