// Logging requests: the access log's lines of an exchange, and the head log.
//
// A line tells how many bytes of a response were sent, so it is written when the response has left
// or is given up. Covered by tests/server/connection/connection_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/connection/connection.h"
#include "apps/server/connection/worker_state.h"

namespace server {

// Records what the access log will say of the response whose first byte is the next one queued:
// `head` and `body` are its bytes.
void record_for_log(Connection& c, int status, std::size_t head, std::uint64_t body);

// Counts the bytes of a response: `head` bytes that were gathered, and `body` bytes that will
// follow them.
inline void queue_response(Connection& c, int status, std::size_t head, std::uint64_t body) {
  if (c.worker.shared.access_log) record_for_log(c, status, head, body);
  c.exchange->out.queued += head + body;
}

// Writes the log lines of all responses that have left, or of all if `aborted`.
void log_answered(Connection& c, bool aborted);

// Writes the request's head and `response`, a head, to the head log, if there is one.
void log_heads(const Connection& c, std::string_view response);

}  // namespace server
