// Closing a connection, in three steps.
//
// A coroutine frame is needed only while the connection has an exchange, whose memory it uses, so
// that closing needs no memory. Covered by tests/server/connection/close_test.cc and
// tests/end_to_end/.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Sends the bytes that are still unsent, and closes the source of the response. If `c` lingers,
// receives and drops bytes, for a bounded time, so that the peer can read the response.
uring::Task<> send_rest(Connection& c);

// Ends the sending side and drops received bytes until the peer ends its side, so that the peer can
// read the response before a reset (RFC 9112 section 9.6). Takes at most `timeout_ms`.
uring::Task<> linger(uring::Io& io, int fd, uring::Milliseconds timeout_ms);

// Writes the log lines of responses that were not sent, and returns the exchange.
void end_exchange(Connection& c);

// Closes the socket and destroys `c`, which has no exchange and receives nothing.
void end_connection(Connection& c);

}  // namespace server
