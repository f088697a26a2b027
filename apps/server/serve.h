// serve(): serves one connection from its first byte to its close.
//
// Read it first: it calls all other wings of the server that handle requests.
// Covered by tests/server/serve_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Serves the requests of `c` until either side ends the connection, then closes it and destroys
// `c`. The caller spawns it in WorkerState::connections, and it runs on the loop of c.worker.
uring::Task<> serve(Connection& c);

}  // namespace server
