// Task: coroutines return values to their awaiters, and their frames are released.
#include "uring/task.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/frame_pool.h"
#include "uring/simulated.h"

namespace uring {
namespace {

using lab::Gate;

class Tasks : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(lab.frames().live(), 0U); }

  Simulated engine;
  lab::Lab lab{engine};
};

// Clang merges the frame of a child into that of its parent if it sees both functions. These keep
// their own, so that frames can be counted.
#define OWN_FRAME [[gnu::noinline]]

struct Three {
  std::int64_t first;
  std::int64_t second;
  std::int64_t third;
};

OWN_FRAME Task<int> number(lab::Lab&, int value) { co_return value; }

OWN_FRAME Task<Three> three(lab::Lab& lab, int value) {
  const int first = co_await number(lab, value);
  const int second = co_await number(lab, value + 1);
  co_return Three{first, second, value + 2};
}

Task<> ask_for_three(lab::Lab& lab, Three& result) {
  const Three got = co_await three(lab, 7);
  result = got;
}

TEST_F(Tasks, ReturnWhatTheirChildrenReturn) {
  Three result{};
  lab.scope.spawn(ask_for_three(lab, result));
  EXPECT_EQ(result.first, 7);
  EXPECT_EQ(result.second, 8);
  EXPECT_EQ(result.third, 9);
  EXPECT_TRUE(lab.scope.empty());
}

OWN_FRAME Task<int> wait_at(lab::Lab&, Gate& gate, int value) {
  co_await gate;
  co_return value;
}

OWN_FRAME Task<int> wait_below(lab::Lab& lab, Gate& gate, int depth) {
  if (depth == 0) {
    const int value = co_await wait_at(lab, gate, 100);
    co_return value;
  }
  const int value = co_await wait_below(lab, gate, depth - 1);
  co_return value + 1;
}

OWN_FRAME Task<> store_result(lab::Lab& lab, Gate& gate, int& result) {
  const int value = co_await wait_below(lab, gate, 20);
  result = value;
}

TEST_F(Tasks, NestAndContinueWhereTheyWaited) {
  Gate gate;
  int result = 0;
  lab.scope.spawn(store_result(lab, gate, result));
  EXPECT_EQ(result, 0);
  EXPECT_EQ(lab.scope.tasks(), 1U);
  EXPECT_EQ(lab.frames().live(), 23U) << "the root, 21 levels, and the task at the gate";
  gate.open();
  EXPECT_EQ(result, 120);
  EXPECT_TRUE(lab.scope.empty());
}

TEST_F(Tasks, DoNothingBeforeTheyAreAwaited) {
  Gate gate;
  int result = 0;
  {
    const Task<> unstarted = store_result(lab, gate, result);
    EXPECT_EQ(lab.frames().live(), 1U);
  }
  EXPECT_EQ(lab.frames().live(), 0U);
  EXPECT_FALSE(gate.waiter);
}

TEST_F(Tasks, AreMovedAndNotCopied) {
  Task<int> first = number(lab, 1);
  const Task<int> second = std::move(first);
  EXPECT_EQ(lab.frames().live(), 1U);
}

// Destroying a task that waits destroys the tasks that it awaits.
TEST_F(Tasks, DestroyedWhileWaitingReleaseAllFrames) {
  Gate gate;
  int result = 0;
  const Task<>::Handle root = store_result(lab, gate, result).release();
  root.resume();
  EXPECT_EQ(lab.frames().live(), 23U);
  root.destroy();
  EXPECT_EQ(lab.frames().live(), 0U);
  EXPECT_EQ(result, 0);
}

Task<> add_up(lab::Lab& lab, int count, std::int64_t& sum) {
  for (int i = 0; i < count; ++i) {
    const int value = co_await number(lab, i);
    sum += value;
  }
}

// A connection whose requests are all answered from memory awaits child after child and never
// waits. g++ at -O2 and clang at -O1 compile the resume at the end of a child as a jump, so the
// stack does not grow; without optimisation each child costs some stack until the next real wait.
// This number fits always.
TEST_F(Tasks, AwaitThousandsOfChildrenThatNeverWait) {
#if defined(__OPTIMIZE__)
  constexpr int count = 10'000;
#else
  constexpr int count = 1000;
#endif
  std::int64_t sum = 0;
  lab.scope.spawn(add_up(lab, count, sum));
  EXPECT_EQ(sum, std::int64_t{count} * (count - 1) / 2);
}

}  // namespace
}  // namespace uring
