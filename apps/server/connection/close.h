// The end of a connection.
//
// Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Sends what is still gathered, closes the socket and destroys `c`, which is the last thing that
// happens to it. Where `c` lingers, the peer has some time to read the response first.
uring::Task<> close_connection(Connection& c);

}  // namespace server
