// Planning a response that consists of a status and a line of text, as errors do.
//
// Covered by tests/server/connection/answer_test.cc.
#pragma once

#include <string_view>

#include "apps/server/connection/connection.h"
#include "uring/result.h"

namespace server {

// The HTTP status for a failed file operation.
int status_of(uring::Fault fault);
// A phrase for a failed file operation. Network file systems use the errors of sockets, which
// uring::describe() describes as those of a connection.
std::string_view explanation_of(uring::Fault fault);

// Plans a line of text with that status as the response to the request of `c`. `explanation` is a
// constant; if it is empty, the text is the usual sentence for the status. A 503 ends the
// connection, as does the response to CONNECT.
void answer(Connection& c, int status, std::string_view explanation = {});
// Plans the response to the request of `c` whose file operation failed with `fault`.
void answer(Connection& c, uring::Fault fault);

// Plans a response with problem details (RFC 9457) in JSON, a view of the text for the plan.
void answer_problem(Connection& c, int status, std::string_view json);

// Plans the response to a head that the parser has rejected. The connection ends after it.
void refuse_head(Connection& c);

// Ends the connection after the planned response. The close lingers, because the client may still
// be sending its request.
void close_after_answer(Connection& c);

}  // namespace server
