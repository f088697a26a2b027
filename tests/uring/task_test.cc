// Coroutines and the memory of their frames: values come back, frames too.
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

// A world without sockets, and a gate at which a coroutine can wait to be let through by hand.
class Tasks : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(lab.frames().live(), 0U); }

  Simulated engine;
  lab::Lab lab{engine};
};

struct Gate {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
  void await_resume() const noexcept {}
  void open() { std::exchange(waiter, nullptr).resume(); }

  std::coroutine_handle<> waiter;
};

// Clang puts a child's frame into its parent's where it can see both; these keep their own, so that
// frames can be counted.
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

Task<> ask_for_three(lab::Lab& lab, Three& answer) {
  const Three got = co_await three(lab, 7);
  answer = got;
}

TEST_F(Tasks, ReturnWhatTheirChildrenReturn) {
  Three answer{};
  lab.scope.spawn(ask_for_three(lab, answer));
  EXPECT_EQ(answer.first, 7);
  EXPECT_EQ(answer.second, 8);
  EXPECT_EQ(answer.third, 9);
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

OWN_FRAME Task<> keep_answer(lab::Lab& lab, Gate& gate, int& answer) {
  const int value = co_await wait_below(lab, gate, 20);
  answer = value;
}

TEST_F(Tasks, NestAndGoOnWhereTheyWaited) {
  Gate gate;
  int answer = 0;
  lab.scope.spawn(keep_answer(lab, gate, answer));
  EXPECT_EQ(answer, 0);
  EXPECT_EQ(lab.scope.tasks(), 1U);
  EXPECT_EQ(lab.frames().live(), 23U) << "the root, 21 levels, and the one at the gate";
  gate.open();
  EXPECT_EQ(answer, 120);
  EXPECT_TRUE(lab.scope.empty());
}

TEST_F(Tasks, DoNothingBeforeTheyAreAwaited) {
  Gate gate;
  int answer = 0;
  {
    const Task<> unstarted = keep_answer(lab, gate, answer);
    EXPECT_EQ(lab.frames().live(), 1U);
  }
  EXPECT_EQ(lab.frames().live(), 0U);
  EXPECT_FALSE(gate.waiter);
}

TEST_F(Tasks, MoveWithoutBeingDoubled) {
  Task<int> first = number(lab, 1);
  const Task<int> second = std::move(first);
  EXPECT_EQ(lab.frames().live(), 1U);
}

// One that is destroyed while it waits takes the frames of its children with it.
TEST_F(Tasks, DestroyedWhileWaitingGiveAllFramesBack) {
  Gate gate;
  int answer = 0;
  const Task<>::Handle root = keep_answer(lab, gate, answer).release();
  root.resume();
  EXPECT_EQ(lab.frames().live(), 23U);
  root.destroy();
  EXPECT_EQ(lab.frames().live(), 0U);
  EXPECT_EQ(answer, 0);
}

TEST_F(Tasks, OfAScopeEndInAnyOrder) {
  std::array<Gate, 3> gates;
  std::array<int, 3> answers{};
  for (std::size_t i = 0; i < 3; ++i) lab.scope.spawn(keep_answer(lab, gates[i], answers[i]));
  EXPECT_EQ(lab.scope.tasks(), 3U);
  gates[1].open();
  EXPECT_EQ(lab.scope.tasks(), 2U);
  gates[2].open();
  gates[0].open();
  EXPECT_TRUE(lab.scope.empty());
  EXPECT_EQ(answers, (std::array{120, 120, 120}));
}

Task<> add_up(lab::Lab& lab, int count, std::int64_t& sum) {
  for (int i = 0; i < count; ++i) {
    const int value = co_await number(lab, i);
    sum += value;
  }
}

// A connection that finds every answer in memory awaits child after child and never waits. g++ at
// -O2 and clang at -O1 turn the resume at an end into a jump, and the stack stays flat; below that
// each child costs some stack until the next real wait. This many fit in any case.
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

TEST(FramePools, GiveFramesOfTheSameSizeAgain) {
  FramePool pool;
  void* const first = pool.allocate(130);
  void* const second = pool.allocate(130);
  EXPECT_NE(first, second);
  EXPECT_EQ(pool.live(), 2U);
  FramePool::release(first);
  EXPECT_EQ(pool.live(), 1U);
  EXPECT_EQ(pool.allocate(140), first) << "the same class of sizes";
  FramePool::release(first);
  FramePool::release(second);
  EXPECT_EQ(pool.live(), 0U);
}

TEST(FramePools, DoNotMixSizes) {
  FramePool pool;
  void* const small = pool.allocate(64);
  FramePool::release(small);
  void* const large = pool.allocate(65);
  EXPECT_NE(small, large);
  FramePool::release(large);
}

TEST(FramePools, AlignFramesForAnything) {
  FramePool pool;
  std::vector<void*> frames;
  for (std::size_t bytes = 1; bytes < 3000; bytes += 17) {
    frames.push_back(pool.allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frames.back()) % alignof(std::max_align_t), 0U);
    std::memset(frames.back(), 0xa5, bytes);
  }
  EXPECT_EQ(pool.live(), frames.size());
  for (void* frame : frames) FramePool::release(frame);
  EXPECT_EQ(pool.live(), 0U);
}

TEST(FramePools, TakeFramesOfAnySize) {
  FramePool pool;
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t bytes : {2047U, 2048U, 2049U, 100'000U}) {
      void* const frame = pool.allocate(bytes);
      std::memset(frame, 0x5a, bytes);
      FramePool::release(frame);
    }
  }
  EXPECT_EQ(pool.live(), 0U);
}

TEST(FramePools, GiveAFrameBackToWhereItCameFrom) {
  FramePool first;
  FramePool second;
  void* const frame = first.allocate(100);
  EXPECT_EQ(second.live(), 0U);
  FramePool::release(frame);
  EXPECT_EQ(first.live(), 0U);
  EXPECT_EQ(first.allocate(100), frame);
  FramePool::release(frame);
}

}  // namespace
}  // namespace uring
