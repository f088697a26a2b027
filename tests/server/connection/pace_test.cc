// Which peers are too slow, and when: by tables of checks.
#include "apps/server/connection/pace.h"

#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

// At `at_ms` the peer has acknowledged so many bytes.
struct Check {
  std::int64_t at_ms;
  std::uint64_t confirmed;
};

// Returns the index of the last check before the first one that finds the peer too slow, or of the
// last one; -1 if it is the first one.
int last_passed(const std::vector<Check>& checks, const Timeouts& timeouts) {
  Pace pace;
  pace.wait(0, timeouts);
  int passed = -1;
  for (const Check& check : checks) {
    if (!pace.check(check.at_ms, check.confirmed, timeouts)) return passed;
    ++passed;
  }
  return passed;
}

constexpr Timeouts usual{.body_ms = 1000, .lowest_rate = 100};

TEST(Paces, of_a_peer_that_reads_nothing_end_after_the_timeout) {
  EXPECT_EQ(last_passed({{250, 0}, {500, 0}, {750, 0}, {999, 0}, {1000, 0}}, usual), 3);
  // Bytes that were acknowledged before the first check do not count.
  EXPECT_EQ(last_passed({{250, 9000}, {500, 9000}, {750, 9000}, {1000, 9000}}, usual), 2);
  EXPECT_EQ(
      last_passed({{250, 9000}, {999, 9000}, {1000, 9000}}, {.body_ms = 1000, .lowest_rate = 0}),
      1);
}

TEST(Paces, of_a_peer_that_stops_end_a_timeout_after_its_last_byte) {
  EXPECT_EQ(last_passed({{250, 0}, {500, 5000}, {1499, 5000}, {1500, 5000}}, usual), 2);
}

TEST(Paces, of_a_peer_that_keeps_reading_last_at_the_lowest_rate) {
  std::vector<Check> fast;
  std::vector<Check> slow;
  for (int i = 1; i <= 40; ++i) {
    fast.push_back({i * 250, static_cast<std::uint64_t>(i) * 25});
    slow.push_back({i * 250, static_cast<std::uint64_t>(i) * 12});
  }
  EXPECT_EQ(last_passed(fast, usual), 39);
  EXPECT_LT(last_passed(slow, usual), 39);
  EXPECT_GT(last_passed(slow, usual), 3);
  EXPECT_EQ(last_passed(slow, {.body_ms = 1000, .lowest_rate = 0}), 39);
}

TEST(Paces, of_a_following_send_begin_again) {
  Pace pace;
  EXPECT_FALSE(pace.is_waiting());
  pace.wait(0, usual);
  EXPECT_TRUE(pace.is_waiting());
  EXPECT_TRUE(pace.check(900, 0, usual));
  pace.end();
  EXPECT_FALSE(pace.is_waiting());
  pace.wait(900, usual);
  EXPECT_TRUE(pace.check(1899, 0, usual));
  EXPECT_FALSE(pace.check(1900, 0, usual));
}

TEST(Paces, are_checked_every_quarter_of_the_timeout_and_at_their_end) {
  Pace pace;
  EXPECT_EQ(pace.wait(0, usual), 250);
  EXPECT_TRUE(pace.check(250, 0, usual));
  EXPECT_EQ(pace.wait(900, usual), 100);
  EXPECT_EQ(pace.wait(5000, usual), 1);
  EXPECT_EQ(Pace().wait(0, {.body_ms = 1}), 1);
}

TEST(Paces, do_not_overflow) {
  Pace pace;
  const Timeouts generous{.body_ms = 86'400'000, .lowest_rate = 1};
  pace.wait(0, generous);
  EXPECT_TRUE(pace.check(1, 0, generous));
  EXPECT_TRUE(pace.check(2, std::uint64_t{1} << 50, generous));
  EXPECT_TRUE(pace.check(3, std::uint64_t{1} << 50, {.body_ms = 1000, .lowest_rate = ~0ULL >> 1}));
}

}  // namespace
}  // namespace server
