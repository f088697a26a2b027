// Scope on real engines: it counts its tasks and stops its Ios, and no others.
#include "uring/scope.h"

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/ring.h"
#include "uring/simulated.h"

namespace uring {
namespace {

using lab::Ending;
using lab::Gate;
using lab::Lab;
using lab::Pair;

// --- Tasks ---

Task<> wait_at(Lab&, Gate& gate, int& passed) {
  co_await gate;
  ++passed;
}

TEST(ScopesOfTasks, CountThoseThatHaveNotEnded) {
  Simulated engine;
  Lab lab(engine);
  EXPECT_TRUE(lab.scope.empty());
  std::array<Gate, 3> gates;
  int passed = 0;
  for (Gate& gate : gates) lab.scope.spawn(wait_at(lab, gate, passed));
  EXPECT_EQ(lab.scope.tasks(), 3U);
  gates[1].open();
  EXPECT_EQ(lab.scope.tasks(), 2U);
  EXPECT_EQ(lab.frames().live(), 2U);
  gates[2].open();
  gates[0].open();
  EXPECT_TRUE(lab.scope.empty());
  EXPECT_EQ(passed, 3);
}

Task<> end_at_once(Lab&) { co_return; }

TEST(ScopesOfTasks, AreEmptyAgainAfterATaskThatNeverWaits) {
  Simulated engine;
  Lab lab(engine);
  lab.scope.spawn(end_at_once(lab));
  EXPECT_TRUE(lab.scope.empty());
  EXPECT_EQ(lab.frames().live(), 0U);
}

// --- Stopping ---

using Scopes = lab::OnEngine;
ON_EACH_ENGINE(Scopes);

Task<> wait_for_provided(Lab& lab, int fd, Ending& ending) {
  Io io(lab.scope);
  const Result got = co_await io.recv_provided(fd);
  if (got.buffer != no_buffer) lab.engine().recycle(got.buffer);
  ending.last = got;
  ending.bytes = got.count();
  ending.ended = true;
}

void thousand_waiting_end(lab::Lab& lab) {
  constexpr std::size_t count = 1000;
  std::vector<Pair> pairs(count);
  std::vector<Ending> endings(count);
  for (std::size_t i = 0; i < count; ++i) {
    lab.scope.spawn(wait_for_provided(lab, pairs[i].ours.get(), endings[i]));
  }
  for (int i = 0; i < 3; ++i) lab.loop.iterate(0);
  EXPECT_EQ(lab.scope.tasks(), count);
  EXPECT_EQ(lab.engine().counters().buffer_shortages, 0U)
      << "a connection that waits holds no buffer";
  lab.scope.stop();
  lab.run();
  for (const Ending& ending : endings) EXPECT_EQ(ending.last.value, -ECANCELED);
  EXPECT_EQ(lab.engine().counters().cancels, count);
}

TEST_P(Scopes, EndAThousandConnectionsThatWait) {
  if (!lab::allow_descriptors(2100)) GTEST_SKIP() << "needs 2,100 descriptors";
  thousand_waiting_end(lab());
}

TEST(ScopesOnARing, OfEightEntriesEndAThousandConnectionsThatWait) {
  if (!lab::allow_descriptors(2100)) GTEST_SKIP() << "needs 2,100 descriptors";
  Refusal refusal;
  const std::unique_ptr<Ring> ring =
      Ring::create({.submission_entries = 8, .completion_entries = 8}, refusal);
  if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
  Lab lab(*ring);
  thousand_waiting_end(lab);
}

TEST_P(Scopes, LeaveOtherScopesAlone) {
  Pair pair;
  Scope other(lab().loop);
  Io io(other);
  Ending ending;
  other.spawn(lab::wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
  lab().loop.iterate(0);
  lab().scope.stop();
  lab().loop.iterate(0);
  EXPECT_FALSE(ending.ended);
  EXPECT_FALSE(io.stopped());
  other.stop();
  lab().loop.run(other);
  EXPECT_TRUE(ending.ended);
}

// In the way of a deadline, so that input which has just arrived is not lost.
TEST_P(Scopes, CanEndOnlyThoseThatAreIdle) {
  Pair idle_pair;
  Pair busy_pair;
  Io idle(lab().scope);
  Io busy(lab().scope);
  idle.set_idle(true);
  Ending idle_ending;
  Ending busy_ending;
  lab().scope.spawn(lab::wait_for_bytes(lab(), idle, idle_pair.ours.get(), 0, idle_ending));
  lab().scope.spawn(lab::wait_for_bytes(lab(), busy, busy_pair.ours.get(), 0, busy_ending));
  lab().loop.iterate(0);
  lab().scope.end_idle();
  while (!idle_ending.ended) lab().loop.iterate(forever);
  EXPECT_EQ(idle_ending.last.value, -ECANCELED);
  EXPECT_TRUE(idle_ending.timed_out);
  EXPECT_FALSE(idle.stopped());
  EXPECT_FALSE(busy_ending.ended);
  lab::write_at_once(busy_pair.theirs.get(), "x");
  lab().run();
  EXPECT_EQ(busy_ending.bytes, 1U);
}

}  // namespace
}  // namespace uring
