// Stopping a run, on the simulated engine.
#include "apps/client/session/session.h"

#include <signal.h>

#include <gtest/gtest.h>

#include "apps/client/session/interrupt.h"
#include "uring/io.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"
#include "uring/task.h"

namespace client {
namespace {

uring::Task<> wait_for(uring::Io& io, std::int64_t duration_ms, uring::Fault& fault) {
  const uring::Result result = co_await io.sleep(duration_ms);
  fault = result.fault();
}

TEST(Session, EndsAllWaitingWhenItStops) {
  uring::Simulated engine;
  uring::Loop loop(engine);
  uring::Scope scope(loop);
  const Settings settings;
  Report report(settings);
  Session session(scope, settings, report);
  uring::Io io(scope);
  uring::Fault fault = uring::Fault::none;
  scope.spawn(wait_for(io, 1'000'000, fault));
  EXPECT_FALSE(session.stopping());
  session.stop(StopReason::interrupted);
  loop.run(scope);
  EXPECT_EQ(fault, uring::Fault::cancelled);
  EXPECT_TRUE(session.stopping());
}

TEST(Session, KeepsTheFirstReasonToStop) {
  uring::Simulated engine;
  uring::Loop loop(engine);
  uring::Scope scope(loop);
  const Settings settings;
  Report report(settings);
  Session session(scope, settings, report);
  session.stop(StopReason::out_of_time);
  session.stop(StopReason::interrupted);
  EXPECT_EQ(session.stop_reason(), StopReason::out_of_time);
}

TEST(Session, StopsBeforeTheLoopHasReceivedTheSignal) {
  uring::Simulated engine;
  uring::Loop loop(engine);
  uring::Scope scope(loop);
  const Settings settings;
  Report report(settings);
  const Session session(scope, settings, report);
  {
    const Interrupt interrupt;
    EXPECT_FALSE(session.stopping());
    ::raise(SIGTERM);
    EXPECT_EQ(session.stop_reason(), StopReason::interrupted);
    EXPECT_EQ(Interrupt::number(), SIGTERM);
  }
  EXPECT_FALSE(session.stopping());
}

}  // namespace
}  // namespace client
