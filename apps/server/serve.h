// serve(): the life of a connection, from its first byte to its close.
//
// Read it first; everything else in this folder is called from there.
// Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Serves the requests of `c` until either side ends the connection, then closes it and destroys
// `c`. Runs on the loop of c.worker; the caller spawns it in WorkerState::connections.
uring::Task<> serve(Connection& c);

}  // namespace server
