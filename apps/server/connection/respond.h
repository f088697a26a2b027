// The way out: from a Plan to gathered and sent bytes.
//
// Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#pragma once

#include <cstddef>

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// The space for a head: fields are few, Location is bounded by the target's limit, the fields of
// --header and of CORS have limits of their own.
inline constexpr std::size_t head_space = 14 * 1024;

// Writes the planned response's head behind what is gathered, where there is head_space, and
// records the response for the log.
void gather_head(Connection& c);

// Ends the answered request: prepares the exchange for the next one of this connection, if there is
// to be one.
void finish(Connection& c);

// Gathers the planned response, sends what does not fit, and disposes of the request's body if
// nothing has received it. Small responses stay gathered: they leave before the next receive.
uring::Task<> respond(Connection& c);

}  // namespace server
