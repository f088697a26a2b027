// The steps of the TLS handshake of a connection, and the response to a client that speaks plain
// HTTP. The coroutine greet() (apps/server/serve.cc) receives, and awaits a step for the bytes that
// have arrived.
//
// Covered by tests/server/connection/tls_stream_test.cc and tests/end_to_end/tls_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/io.h"
#include "uring/task.h"

namespace server {

// Moves the bytes that were received behind a PROXY header, if there are any, to the stream of `c`,
// and returns the exchange of `c`. False: memory is exhausted.
bool move_to_stream(Connection& c);

// Whether `c` speaks TLS and its handshake is not done.
bool awaits_handshake(const Connection& c);
// Whether received bytes wait for a step, or the session has more to write than the last step
// could.
bool may_step_handshake(const Connection& c);

// Prepares a receive. The handshake has to be done within --head-timeout from `began_ms` on, the
// time on the loop's clock at which the connection was accepted. Until the first byte has arrived,
// the connection is idle and has no session.
uring::Io::Pending receive_handshake(Connection& c, uring::Milliseconds began_ms);
// Takes over the received bytes, or ends the connection.
void take_handshake(Connection& c, uring::Result got);

// Lends `c` an exchange for the next step, whose coroutines use its memory. False: memory is
// exhausted.
bool begin_handshake_step(Connection& c);
// Handles the received bytes and sends the reply. If the handshake fails, the failure is counted
// and recorded, and c.open is false. If it is done, the stream may have encrypted bytes that are
// not sent (tickets), as long as it has received ones, too.
uring::Task<> step_handshake(Connection& c, uring::Milliseconds began_ms);

}  // namespace server
