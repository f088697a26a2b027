// serve(): serves one connection from its first byte to its close.
//
// Read it first: it calls all other wings of the server that handle requests.
// Covered by tests/server/serve_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Serves the requests of `c` until either side ends the connection, then closes it and destroys
// `c`. It runs in WorkerState::connections, on the loop of c.worker. Calling it may throw
// std::bad_alloc, before anything has happened; the coroutine itself handles a lack of memory.
uring::Task<> serve(Connection& c);

// Starts serve(c). False: memory is exhausted, and `c` was closed and destroyed.
bool start_serving(Connection& c);

}  // namespace server
