// Who is too slow, and when: by a table of looks.
#include "apps/server/connection/pace.h"

#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

// Looks at a peer that has confirmed so many bytes after so many milliseconds; which look was the
// last that it stood, or -1.
struct Look {
  std::int64_t at_ms;
  std::uint64_t confirmed;
};

int last_stood(const std::vector<Look>& looks, const Timeouts& timeouts) {
  Pace pace;
  pace.wait(0, timeouts);
  int stood = -1;
  for (const Look& look : looks) {
    if (!pace.check(look.at_ms, look.confirmed, timeouts)) return stood;
    ++stood;
  }
  return stood;
}

constexpr Timeouts usual{.body_ms = 1000, .lowest_rate = 100};

TEST(Paces, of_who_takes_nothing_end_after_the_patience) {
  EXPECT_EQ(last_stood({{250, 0}, {500, 0}, {750, 0}, {999, 0}, {1000, 0}}, usual), 3);
  // What was confirmed before the first look does not count.
  EXPECT_EQ(last_stood({{250, 9000}, {500, 9000}, {750, 9000}, {1000, 9000}}, usual), 2);
  EXPECT_EQ(
      last_stood({{250, 9000}, {999, 9000}, {1000, 9000}}, {.body_ms = 1000, .lowest_rate = 0}), 1);
}

TEST(Paces, of_who_stops_end_a_patience_after_the_last_byte) {
  EXPECT_EQ(last_stood({{250, 0}, {500, 5000}, {1499, 5000}, {1500, 5000}}, usual), 2);
}

TEST(Paces, of_who_takes_on_go_on_at_the_lowest_rate) {
  std::vector<Look> fast;
  std::vector<Look> slow;
  for (int i = 1; i <= 40; ++i) {
    fast.push_back({i * 250, static_cast<std::uint64_t>(i) * 25});
    slow.push_back({i * 250, static_cast<std::uint64_t>(i) * 12});
  }
  EXPECT_EQ(last_stood(fast, usual), 39);
  EXPECT_LT(last_stood(slow, usual), 39);
  EXPECT_GT(last_stood(slow, usual), 3);
  EXPECT_EQ(last_stood(slow, {.body_ms = 1000, .lowest_rate = 0}), 39);
}

TEST(Paces, of_a_send_that_follows_begin_anew) {
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

TEST(Paces, are_looked_at_every_quarter_and_when_they_end) {
  Pace pace;
  EXPECT_EQ(pace.wait(0, usual), 250);
  EXPECT_TRUE(pace.check(250, 0, usual));
  EXPECT_EQ(pace.wait(900, usual), 100);
  EXPECT_EQ(pace.wait(5000, usual), 1);
  EXPECT_EQ(Pace().wait(0, {.body_ms = 1}), 1);
}

TEST(Paces, bear_any_number) {
  Pace pace;
  const Timeouts generous{.body_ms = 86'400'000, .lowest_rate = 1};
  pace.wait(0, generous);
  EXPECT_TRUE(pace.check(1, 0, generous));
  EXPECT_TRUE(pace.check(2, std::uint64_t{1} << 50, generous));
  EXPECT_TRUE(pace.check(3, std::uint64_t{1} << 50, {.body_ms = 1000, .lowest_rate = ~0ULL >> 1}));
}

}  // namespace
}  // namespace server
