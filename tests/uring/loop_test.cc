// Loop on real engines: iterations, the order of coroutines, and the number of what was delivered.
#include "uring/loop.h"

#include <array>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/simulated.h"

namespace uring {
namespace {

using lab::Ending;
using lab::Lab;
using lab::Pair;

using Loops = lab::OnEngine;
ON_EACH_ENGINE(Loops);

// Appends its name to `order` and yields, `times` times.
Task<> append_and_yield(Lab& lab, char name, int times, std::string& order) {
  Io io(lab.scope);
  for (int i = 0; i < times; ++i) {
    order += name;
    const Result yielded = co_await io.yield();
    EXPECT_TRUE(yielded.ok());
  }
}

TEST_P(Loops, AlternateBetweenCoroutinesThatYield) {
  std::string order;
  lab().scope.spawn(append_and_yield(lab(), 'a', 3, order));
  lab().scope.spawn(append_and_yield(lab(), 'b', 3, order));
  lab().run();
  EXPECT_EQ(order, "ababab");
}

TEST_P(Loops, LetACoroutineSleepAsLongAsRequested) {
  for (const Milliseconds duration : {0, 1, 63, 64, 65, 130}) {
    const Milliseconds before = engine().now();
    EXPECT_EQ(lab().result_of([&](Io& io) { return io.sleep(duration); }).value, 0);
    EXPECT_GE(engine().now() - before, duration);
  }
}

TEST_P(Loops, CountTheirIterations) {
  EXPECT_EQ(lab().loop.iterations(), 0U);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    lab().loop.iterate(0);
    EXPECT_EQ(lab().loop.iterations(), i);
  }
}

TEST_P(Loops, ReturnFromAnIterationThatWaitsForNothing) {
  const Milliseconds before = engine().now();
  EXPECT_EQ(lab().loop.iterate(20), 0U);
  EXPECT_GE(lab().loop.now(), before);
  EXPECT_EQ(lab().loop.iterate(0), 0U);
}

// Receives once, and then stops its neighbour, whose bytes may have arrived in the same batch.
Task<> stop_neighbour(Lab& lab, Io& io, int fd, Io& neighbour, Ending& ending) {
  const Result got = co_await io.recv_provided(fd);
  if (got.buffer != no_buffer) lab.engine().recycle(got.buffer);
  ending.last = got;
  neighbour.stop();
  std::array<char, 8> memory;
  const Result more = co_await io.recv(fd, memory);
  ending.bytes = got.count() + more.count();
  ending.ended = true;
}

TEST_P(Loops, DeliverToTwoCoroutinesOfABatchThatStopEachOther) {
  for (int i = 0; i < 100; ++i) {
    Pair left;
    Pair right;
    Io left_io(lab().scope);
    Io right_io(lab().scope);
    Ending left_ending;
    Ending right_ending;
    lab().scope.spawn(stop_neighbour(lab(), left_io, left.ours.get(), right_io, left_ending));
    lab().scope.spawn(stop_neighbour(lab(), right_io, right.ours.get(), left_io, right_ending));
    lab().loop.iterate(0);
    lab::write_at_once(left.theirs.get(), "a");
    lab::write_at_once(right.theirs.get(), "b");
    lab().run();
    EXPECT_TRUE(left_ending.ended && right_ending.ended);
    left.close_ours(engine());
    right.close_ours(engine());
  }
}

// Yields once.
Task<> yield_once(Lab& lab, std::size_t& ended) {
  Io io(lab.scope);
  co_await io.yield();
  ++ended;
}

// A batch has 256 completions.
TEST(LoopsOnASimulatedEngine, DeliverMoreCompletionsThanABatchHoldsInSeveralIterations) {
  Simulated engine;
  Lab lab(engine);
  std::size_t ended = 0;
  for (int i = 0; i < 600; ++i) lab.scope.spawn(yield_once(lab, ended));
  EXPECT_EQ(lab.loop.iterate(0), 256U);
  EXPECT_EQ(ended, 256U);
  EXPECT_EQ(lab.loop.iterate(0), 256U);
  EXPECT_EQ(lab.loop.iterate(0), 88U);
  EXPECT_EQ(ended, 600U);
  EXPECT_TRUE(lab.scope.empty());
}

TEST(LoopsOnASimulatedEngine, CountDeadlinesAsDelivered) {
  Simulated engine;
  Lab lab(engine);
  Io first(lab.scope);
  Io second(lab.scope);
  first.set_deadline(10);
  second.set_deadline(20);
  engine.advance_clock(200);
  EXPECT_EQ(lab.loop.iterate(0), 2U);
  EXPECT_TRUE(first.timed_out());
  EXPECT_TRUE(second.timed_out());
}

// The bytes of all peers have arrived, and the clock has moved beyond all deadlines, as after a
// time in which the thread did not run. A batch has 256 completions.
TEST(LoopsOnASimulatedEngine, DeliverAllThatHasArrivedBeforeADeadlineCountsAsPassed) {
  Simulated engine;
  Lab lab(engine);
  std::deque<Io> ios;
  std::deque<Ending> endings;
  for (int i = 0; i < 600; ++i) {
    const int socket = engine.connected();
    lab.scope.spawn(lab::wait_for_bytes(lab, ios.emplace_back(lab.scope), socket, 1000,
                                        endings.emplace_back()));
    engine.peer_sends(socket, "a");
  }
  engine.advance_clock(60'000);
  lab.run();
  for (const Ending& ending : endings) {
    ASSERT_EQ(ending.bytes, 1U);
    ASSERT_FALSE(ending.timed_out);
  }
}

TEST(LoopsOnASimulatedEngine, WaitNoLongerThanTheNextDeadline) {
  Simulated engine;
  Lab lab(engine);
  Io io(lab.scope);
  io.set_deadline(1000);
  const Milliseconds before = engine.now();
  while (!io.timed_out()) lab.loop.iterate(lab::an_hour);
  EXPECT_GE(engine.now(), before + 1000);
  EXPECT_LE(engine.now(), before + 1064) << "a slot of the timer wheel later, at most";
}

}  // namespace
}  // namespace uring
