// Closing a connection.
//
// Covered by tests/server/connection/close_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Sends the bytes that are still unsent, closes the socket, returns the exchange and destroys `c`.
// If `c` lingers, receives and drops bytes first, for a bounded time, so that the peer can read the
// response. Nothing may use `c` afterwards.
uring::Task<> close_connection(Connection& c);

}  // namespace server
