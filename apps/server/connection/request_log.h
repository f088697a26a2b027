// Logging and counting requests: the lines of the access log, the counters, and the head log.
//
// A line contains how many bytes of a response were sent, so that it is written, and the response
// counted, when the response was sent or has failed. Covered by
// tests/server/connection/request_log_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/connection/connection.h"
#include "apps/server/connection/worker_state.h"

namespace server {

// Adds the response that is queued next to Output::unlogged. `head` and `body` are its bytes.
void record_response(Connection& c, int status, std::size_t head, std::uint64_t body);

// Counts a response as queued: `head` bytes, and `body` bytes that will follow them.
inline void queue_response(Connection& c, int status, std::size_t head, std::uint64_t body) {
  if (c.exchange->live->records_responses) record_response(c, status, head, body);
  c.exchange->out.queued += head + body;
}

// Logs and counts all responses that were sent; if `aborted`, also those that were not.
void log_responses(Exchange& x, WorkerState& worker, bool aborted);

// Drops the records of responses that will not be sent, except for the first `kept` ones.
void drop_records(Output& out, std::size_t kept);

// Writes the request's head and `response`, a head, to the head log.
void log_heads(AccessLog& log, const Exchange& x, std::string_view response);

}  // namespace server
