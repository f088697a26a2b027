// The command line, by CLI11. Covered by tests/client/command/options_test.cc.
#pragma once

#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"

namespace client {

// Reads the command line into `arguments`. A text without a failure (the help, the version) is to
// be printed instead of working.
[[nodiscard]] ExitReason read_options(int argc, const char* const* argv, Arguments& arguments);

}  // namespace client
