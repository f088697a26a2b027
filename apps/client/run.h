// Running a plan: the engine, the loop, and one job after the other.
//
// Covered by tests/client/run_test.cc.
#pragma once

#include "apps/client/command/plan.h"

namespace client {

// Does all jobs and returns the exit status: that of the first failure. Each failure is reported on
// standard error.
[[nodiscard]] int run(const Plan& plan);

}  // namespace client
