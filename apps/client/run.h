// Running a plan: the engine, the loop, and one job after the other.
//
// Covered by tests/client/run_test.cc.
#pragma once

#include "apps/client/command/plan.h"
#include "apps/client/net/resolver.h"

namespace client {

// Does all jobs and returns the exit status: that of the first failure. Each failure is reported on
// standard error. `resolver` finds the addresses of hosts.
[[nodiscard]] int run(const Plan& plan, const Resolver& resolver = find_by_system);

}  // namespace client
