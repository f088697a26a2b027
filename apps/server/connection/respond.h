// Responding: from a Plan to gathered and sent bytes.
//
// Covered by tests/server/connection/respond_test.cc and tests/end_to_end/.
#pragma once

#include <cstddef>

#include "apps/server/connection/block_pool.h"
#include "apps/server/connection/connection.h"
#include "apps/server/plan/head.h"
#include "parser/limits.h"
#include "uring/task.h"

namespace server {

// The space that any response head without Location fits into, and with the default of --max-target
// every one. A longer Location may need more: most_head_bytes().
inline constexpr std::size_t head_space = most_other_head_bytes + 8192;
static_assert(head_space >= most_other_head_bytes + http1::Limits{}.target_bytes);
static_assert(head_space <= BlockPool::small_bytes);

// Writes the head of the planned response behind the gathered bytes, where most_head_bytes() must
// be free, and counts the response as queued.
void gather_head(Connection& c);

// Ends the request whose response was gathered, and prepares the exchange for the next request.
void finish(Connection& c);

// Gathers the planned response and sends what does not fit into the block. Receives and drops the
// request's body if it was not received. A small response stays gathered; serve() sends it before
// the next receive.
uring::Task<> respond(Connection& c);

}  // namespace server
