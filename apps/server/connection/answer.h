// Planning answers that say why: error texts and refusals.
//
// Covered by tests/server/connection/answer_test.cc and connection_test.cc.
#pragma once

#include <string_view>

#include "apps/server/connection/connection.h"
#include "uring/result.h"

namespace server {

// The status that stands for a failed file operation.
int status_of(uring::Fault fault);

// Plans a line of text with that status as the response to the request of `c`. `explanation` is a
// constant; empty: the usual sentence for the status.
void answer(Connection& c, int status, std::string_view explanation = {});
// The same for a failed file operation.
void answer(Connection& c, uring::Fault fault);

// Plans the response to a head that is no valid request; the connection ends after it.
void refuse_head(Connection& c);

// The connection ends after the planned response, with time for a client that is still sending.
void close_after_answer(Connection& c);

}  // namespace server
