// The clock of responses and logs, and its text.
#include "apps/server/connection/clock.h"

#include <ctime>
#include <string>

#include <gtest/gtest.h>

#include "parser/date.h"
#include "tests/support/exact_time.h"

namespace server {
namespace {

TEST(Dates, are_right_to_the_second) {
  Clock clock;
  const std::time_t before = test_support::exact_time();
  const std::int64_t now = clock.now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, test_support::exact_time());
  EXPECT_EQ(clock.seconds(), now);
  EXPECT_EQ(http1::parse_date(clock.date(), now), now);
}

TEST(Dates, do_not_change_until_the_time_is_read_again) {
  Clock clock;
  clock.now();
  const std::string date(clock.date());
  EXPECT_EQ(clock.date().size(), http1::date_size);
  EXPECT_TRUE(date.ends_with(" GMT"));
  EXPECT_EQ(clock.date(), date);
}

}  // namespace
}  // namespace server
