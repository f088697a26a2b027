// The way out: from a Plan to sent bytes, and the end of a connection.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection.h"

namespace server {

// An unwanted body up to this size is read and dropped so that the connection can go on.
inline constexpr std::uint64_t most_dropped_bytes = 65536;

// Plans the answer to a head that is no valid request; the connection ends after it.
void refuse_head(Connection& c);

// Ends the connection after the planned answer, with time for a client that is still sending.
void close_after_answer(Connection& c);

// Gathers the answer that was planned, sends what does not fit, and disposes of the request's body
// if nobody took it. Small answers stay gathered: they leave before the next receive.
uring::Task<> respond(Connection& c);

// Sends what is still gathered, closes the connection and gives it back to its service. The last
// thing that happens to `c`.
uring::Task<> part(Connection& c);

}  // namespace server
