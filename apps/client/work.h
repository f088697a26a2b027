// Running a plan: the engine, the loop, and one job after the other.
//
// Covered by tests/client/program_test.cc.
#pragma once

#include "apps/client/command/plan.h"

namespace client {

// Does all jobs and returns the exit status: that of the first failure. Says on standard error
// what went wrong.
[[nodiscard]] int work(const Plan& plan);

}  // namespace client
