// The way out: from a Plan to sent bytes, and the end of a connection.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection.h"
#include "apps/server/service.h"

namespace server {

// An unwanted body up to this size is read and dropped so that the connection can go on.
inline constexpr std::uint64_t most_dropped_bytes = 65536;

// Plans the answer to a head that is no valid request; the connection ends after it.
void refuse_head(Connection& c);

// Ends the connection after the planned answer, with time for a client that is still sending.
void close_after_answer(Connection& c);

// Writes the planned answer's head into the block, and notes what the log will say.
void gather_head(Connection& c);

// Keeps what the access log will say of an answer, whose first byte is the next one queued.
void note_for_log(Connection& c, int status, std::size_t head, std::uint64_t body);

// Takes note of `head` bytes that were written behind what is gathered, and of `body` bytes that
// will follow them.
inline void note_answer(Connection& c, int status, std::size_t head, std::uint64_t body) {
  if (c.service.shared.access_log) note_for_log(c, status, head, body);
  c.exchange->queued += head + body;
}

// Ends the answered request: makes the exchange ready for the next one of this connection, if there
// is to be one.
void finish(Connection& c);

// The largest head of ours: fields are few, Location is bounded by the target's limit, those of the
// operator and of CORS have limits of their own.
inline constexpr std::size_t head_room = 14 * 1024;

// Gathers the answer that was planned, sends what does not fit, and disposes of the request's body
// if nobody took it. Small answers stay gathered: they leave before the next receive.
uring::Task<> respond(Connection& c);

// Sends what is still gathered, closes the connection and gives it back to its service. The last
// thing that happens to `c`.
uring::Task<> part(Connection& c);

}  // namespace server
