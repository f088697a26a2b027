// run_server(): the server as a process, from opening its files and sockets to its clean end.
//
// Covered by tests/end_to_end/listen_test.cc, stop_test.cc and limits_test.cc.
#pragma once

#include "apps/options/exit_reason.h"
#include "apps/server/config/config.h"
#include "apps/server/config/options.h"

namespace server {

// Serves until SIGTERM or SIGINT, and ends cleanly: all sockets are closed, no temporary file is
// left, and the logs are written. `config` was checked, and made from `command_line`, which SIGHUP
// reads again together with the environment and the configuration file. Returns an ExitReason that
// is true if the server could not start. Blocks signals and is called once in a process, on its
// main thread.
options::ExitReason run_server(Config config, const CommandLine& command_line);

}  // namespace server
