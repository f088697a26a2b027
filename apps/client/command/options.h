// From the words of a command line to Arguments. Covered by tests/client/command/options_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"

namespace client {

// Reads the command line and QUOIT_IO into `arguments`. Returns a reason to exit where they are
// wrong, or where the person asks for a text: --help, --version, the verb "help".
[[nodiscard]] ExitReason read_options(int argc, const char* const* argv, Arguments& arguments);

}  // namespace client
