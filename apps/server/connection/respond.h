// Responding: from a Plan to gathered and sent bytes.
//
// Covered by tests/server/connection/respond_test.cc and tests/end_to_end/.
#pragma once

#include <cstddef>

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// The space that any response head fits into: its own fields are few, Location is as long as the
// target at most, and the fields of --header and --cors have limits of their own.
inline constexpr std::size_t head_space = 14 * 1024;

// Writes the head of the planned response behind the gathered bytes, where head_space bytes must be
// free, and counts the response as queued.
void gather_head(Connection& c);

// Ends the request whose response was gathered, and prepares the exchange for the next request.
void finish(Connection& c);

// Gathers the planned response and sends what does not fit into the block. Receives and drops the
// request's body if it was not received. A small response stays gathered; serve() sends it before
// the next receive.
uring::Task<> respond(Connection& c);

}  // namespace server
