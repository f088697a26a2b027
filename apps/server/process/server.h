// The server as a process: what is opened at start, which signals mean what, and the clean end.
// Covered by tests/end_to_end/listen_test.cc and stop_test.cc.
#pragma once

#include "apps/options/exit_reason.h"
#include "apps/server/config/config.h"

namespace server {

// Serves until SIGTERM or SIGINT, and ends cleanly: every socket closed, no temporary file left,
// the log written. Returns what kept it from starting, or nothing.
options::ExitReason run_server(const Config& config);

}  // namespace server
