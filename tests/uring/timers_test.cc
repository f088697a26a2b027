// Timers: never early, at most one slot late, and compared with a simple model.
#include "uring/timers.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/simulated.h"

namespace uring {
namespace {

constexpr Milliseconds slot = 64;
constexpr Milliseconds start = 1'000'000;

// A wheel, its clock, and timers.
struct Wheel {
  Timer& make() { return timers_made.emplace_back(); }

  // Fires all that is due at `time`, and returns them in order.
  std::vector<Timer*> at(Milliseconds time) {
    now = time;
    std::vector<Timer*> fired;
    while (Timer* timer = timers.next_due(now)) fired.push_back(timer);
    return fired;
  }

  // Sleeps as a loop does, from one slot with timers to the next, until something fires. Returns
  // how often it woke up; 0 when there is nothing to wait for.
  int until_one_fires(std::vector<Timer*>& fired) {
    for (int wakes = 1;; ++wakes) {
      const Milliseconds timeout = timers.until_next(now);
      if (timeout == forever) return 0;
      fired = at(now + timeout);
      if (!fired.empty()) return wakes;
    }
  }

  Milliseconds now = start;
  Timers timers{start};
  std::deque<Timer> timers_made;
};

using Fired = std::vector<Timer*>;

TEST(Timers, NeverFireEarly) {
  for (Milliseconds duration = 0; duration < 3 * slot; ++duration) {
    Wheel wheel;
    Timer& timer = wheel.make();
    wheel.timers.set(timer, start + duration);
    for (Milliseconds time = start; time < start + duration; ++time) {
      ASSERT_TRUE(wheel.at(time).empty()) << "due after " << duration << ", fired at " << time;
    }
  }
}

TEST(Timers, FireAtMostOneSlotLate) {
  for (Milliseconds duration = 0; duration < 10 * slot; ++duration) {
    Wheel wheel;
    Timer& timer = wheel.make();
    wheel.timers.set(timer, start + duration);
    EXPECT_TRUE(timer.armed());
    EXPECT_EQ(timer.deadline(), start + duration);
    EXPECT_EQ(wheel.at(start + duration + slot), Fired{&timer});
    EXPECT_FALSE(timer.armed());
  }
}

TEST(Timers, FireAtOnceWhenTheyExpire) {
  Wheel wheel;
  Timer& timer = wheel.make();
  Timer& other = wheel.make();
  wheel.timers.set(timer, start + 100'000);
  wheel.timers.set(other, start + 10);
  wheel.timers.expire(timer);
  EXPECT_EQ(wheel.timers.until_next(start), 0);
  EXPECT_EQ(wheel.at(start), Fired{&timer});
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(wheel.at(start + 200'000), Fired{&other}) << "each fires once";
}

TEST(Timers, ThatExpireMayBeClearedRemovedAndSetAgain) {
  Wheel wheel;
  Timer& cleared = wheel.make();
  Timer& removed = wheel.make();
  Timer& later = wheel.make();
  for (Timer* timer : {&cleared, &removed, &later}) wheel.timers.expire(*timer);
  wheel.timers.clear(cleared);
  wheel.timers.remove(removed);
  wheel.timers.set(later, start + 100);
  EXPECT_TRUE(wheel.at(start + 99).empty());
  EXPECT_EQ(wheel.at(start + 100 + slot), Fired{&later});
}

TEST(Timers, FireOnce) {
  Wheel wheel;
  wheel.timers.set(wheel.make(), start + 10);
  EXPECT_EQ(wheel.at(start + 1000).size(), 1U);
  EXPECT_TRUE(wheel.at(start + 100'000).empty());
  EXPECT_EQ(wheel.timers.until_next(wheel.now), forever);
}

TEST(Timers, MovedLaterFireAtTheirLastDeadline) {
  Wheel wheel;
  Timer& timer = wheel.make();
  wheel.timers.set(timer, start + 100);
  wheel.timers.set(timer, start + 10'000);
  EXPECT_TRUE(wheel.at(start + 9999).empty());
  EXPECT_EQ(wheel.at(start + 10'000 + slot), Fired{&timer});
}

// As a busy connection does: each request moves the deadline, and the wheel is hardly touched.
TEST(Timers, MovedLaterAgainAndAgainNeverFire) {
  Wheel wheel;
  Timer& timer = wheel.make();
  for (Milliseconds time = start; time < start + 200'000; time += 7) {
    wheel.timers.set(timer, time + 1000);
    ASSERT_TRUE(wheel.at(time).empty());
  }
  EXPECT_EQ(wheel.at(wheel.now + 1000 + slot), Fired{&timer});
}

TEST(Timers, MovedEarlierFireAtTheirLastDeadline) {
  Wheel wheel;
  Timer& timer = wheel.make();
  wheel.timers.set(timer, start + 10'000);
  wheel.timers.set(timer, start + 100);
  EXPECT_TRUE(wheel.at(start + 99).empty());
  EXPECT_EQ(wheel.at(start + 100 + slot), Fired{&timer});
  EXPECT_TRUE(wheel.at(start + 20'000).empty());
}

TEST(Timers, ClearedDoNotFireAndCanBeSetAgain) {
  Wheel wheel;
  Timer& timer = wheel.make();
  wheel.timers.set(timer, start + 100);
  wheel.timers.clear(timer);
  EXPECT_FALSE(timer.armed());
  wheel.timers.set(timer, start + 50);
  EXPECT_EQ(wheel.at(start + 50 + slot), Fired{&timer});
  wheel.timers.set(timer, wheel.now + 100);
  wheel.timers.clear(timer);
  EXPECT_TRUE(wheel.at(start + 10'000).empty());
}

TEST(Timers, RemovedAreOutOfTheWheel) {
  Wheel wheel;
  Timer& first = wheel.make();
  Timer& middle = wheel.make();
  Timer& last = wheel.make();
  for (Timer* timer : {&first, &middle, &last}) wheel.timers.set(*timer, start + 100);
  wheel.timers.remove(middle);
  wheel.timers.remove(middle);
  Fired fired = wheel.at(start + 100 + slot);
  EXPECT_EQ(fired.size(), 2U);
  EXPECT_EQ(std::count(fired.begin(), fired.end(), &middle), 0);
  wheel.timers.remove(first);
  wheel.timers.set(last, wheel.now + 100);
  wheel.timers.remove(last);
  EXPECT_TRUE(wheel.at(start + 10'000).empty());
}

TEST(Timers, FurtherAwayThanATurnOfTheWheelAreKept) {
  Wheel wheel;
  Timer& timer = wheel.make();
  const Milliseconds deadline = start + 5 * 60'000;
  wheel.timers.set(timer, deadline);
  Fired fired;
  const int wakes = wheel.until_one_fires(fired);
  EXPECT_EQ(fired, Fired{&timer});
  EXPECT_GE(wheel.now, deadline);
  EXPECT_LE(wheel.now, deadline + slot);
  EXPECT_LE(wakes, 12) << "one wake-up in each rotation of 32 s suffices";
}

TEST(Timers, AreAllFoundAfterALongSleep) {
  Wheel wheel;
  std::vector<Timer*> due;
  for (Milliseconds seconds = 1; seconds <= 3600; seconds += 7) {
    due.push_back(&wheel.make());
    wheel.timers.set(*due.back(), start + seconds * 1000);
  }
  Timer& later = wheel.make();
  wheel.timers.set(later, start + 2 * 3'600'000);
  Fired fired = wheel.at(start + 3'600'000 + slot);
  std::sort(fired.begin(), fired.end());
  std::sort(due.begin(), due.end());
  EXPECT_EQ(fired, due);
  EXPECT_TRUE(wheel.at(start + 2 * 3'600'000 - 1).empty());
  EXPECT_EQ(wheel.at(start + 2 * 3'600'000 + slot), Fired{&later});
}

TEST(Timers, SetWhileOthersFireAreNotLost) {
  Wheel wheel;
  Timer& often = wheel.make();
  Timer& other = wheel.make();
  wheel.timers.set(often, start + 10);
  wheel.timers.set(other, start + 40'000);
  int fired = 0;
  const Milliseconds now = start + 3'600'000;  // a long sleep, so that the wheel is far behind
  while (Timer* timer = wheel.timers.next_due(now)) {
    ++fired;
    EXPECT_LT(fired, 3);
    wheel.timers.set(*timer, now);  // as Io::stop() does
  }
  EXPECT_EQ(fired, 2);
  EXPECT_EQ(wheel.at(now + slot).size(), 2U);
}

TEST(Timers, HaveNoTimeoutWhenNoneIsSet) {
  Wheel wheel;
  EXPECT_EQ(wheel.timers.until_next(start), forever);
  Timer& timer = wheel.make();
  wheel.timers.set(timer, start + 1000);
  EXPECT_NE(wheel.timers.until_next(start), forever);
  wheel.timers.remove(timer);
  wheel.at(start + 2000);
  EXPECT_EQ(wheel.timers.until_next(wheel.now), forever);
}

// Thousands of timers with random lives on a random clock, and beside them the simplest model: a
// map of deadlines.
class RandomLives {
 public:
  explicit RandomLives(unsigned seed) : random_(seed) {
    for (int i = 0; i < most_timers; ++i) wheel_.make();
  }

  // Some changes, then a sleep: mostly as long as the wheel says, sometimes shorter or far longer.
  void step() {
    for (int i = 0; i < 50; ++i) change(wheel_.timers_made[below(most_timers)]);
    const Milliseconds timeout = wheel_.timers.until_next(wheel_.now);
    Milliseconds sleep = below(200);
    if (below(4) != 0 && timeout != forever) sleep = timeout;
    if (below(100) == 0) sleep = below(120'000);
    const bool in_time = timeout != forever && sleep <= timeout;
    wheel_.now += sleep;
    while (Timer* timer = wheel_.timers.next_due(wheel_.now)) fire(*timer, in_time);
    for (const auto& [timer, deadline] : deadlines_) {
      ASSERT_TRUE(timer->armed());
      ASSERT_GT(deadline + slot, wheel_.now) << "a timer did not fire";
    }
  }

  std::size_t fired() const { return fired_; }

 private:
  static constexpr int most_timers = 3000;

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_()) % bound; }

  void change(Timer& timer) {
    const std::uint32_t what = below(8);
    if (what < 2) {
      if (what == 0)
        wheel_.timers.clear(timer);
      else
        wheel_.timers.remove(timer);
      deadlines_.erase(&timer);
      return;
    }
    const std::uint32_t reach = what == 2 ? 200'000 : what == 3 ? 100 : 5000;
    const Milliseconds deadline = wheel_.now + below(reach);
    wheel_.timers.set(timer, deadline);
    deadlines_[&timer] = deadline;
  }

  void fire(Timer& timer, bool in_time) {
    ++fired_;
    const auto found = deadlines_.find(&timer);
    ASSERT_NE(found, deadlines_.end()) << "one fired that was not set";
    ASSERT_LE(found->second, wheel_.now) << "one fired early";
    ASSERT_TRUE(!in_time || wheel_.now <= found->second + slot) << "one fired late";
    deadlines_.erase(found);
    if (below(3) == 0) change(timer);
  }

  std::mt19937 random_;
  Wheel wheel_;
  std::map<Timer*, Milliseconds> deadlines_;
  std::size_t fired_ = 0;
};

TEST(Timers, AgreeWithAMapOfDeadlines) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    RandomLives lives(seed);
    for (int i = 0; i < 1000 && !::testing::Test::HasFatalFailure(); ++i) lives.step();
    EXPECT_GT(lives.fired(), 10'000U);
  }
}

}  // namespace
}  // namespace uring
