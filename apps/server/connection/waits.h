// Waiting for a request: the timeouts, the return of the exchange of an idle connection, and the
// end of a wait.
//
// serve() uses them for plain connections, and tls_receive.h for those that encrypt. Covered by
// tests/server/serve_test.cc.
#pragma once

#include <algorithm>

#include "apps/server/connection/connection.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/worker_state.h"

namespace server {

// Inlined, as are the steps that greet() shares with serve(): the calls would cost the fast path 4
// % of its instructions.
//
// Returns the exchange to the worker if no request has begun. True: the connection is idle.
[[gnu::always_inline]] inline bool becomes_idle(Connection& c) {
  if (!c.exchange) return true;
  Exchange& x = *c.exchange;
  if (!x.in.unused().empty()) return false;
  if (c.is_trusted) c.worker.release_client(c);
  release_input(x.in, c.io.engine());
  c.worker.give_back(c);
  return true;
}

// The time in which the peer has to send the rest of a head.
inline uring::Milliseconds head_timeout(const Connection& c) {
  const Exchange& x = *c.exchange;
  const uring::Milliseconds spent = c.io.loop().now() - x.request.began_ms;
  return std::max<uring::Milliseconds>(0, x.site->timeouts.head_ms - spent);
}

// While the server drains, a client has a second for its first request, and for one that it sent
// before it knew.
inline constexpr uring::Milliseconds draining_ms = 1000;

// The time in which the peer has to begin its next request.
inline uring::Milliseconds idle_timeout(const Connection& c) {
  const Timeouts& timeouts = c.worker.site().timeouts;
  // The only request of a refused client gets a 503. It has little time for that request, because
  // other clients may wait in the accept queue meanwhile.
  constexpr uring::Milliseconds refused_ms = 2000;
  if (c.refused) return std::min({refused_ms, timeouts.head_ms, timeouts.idle_ms});
  return c.worker.draining ? std::min(draining_ms, timeouts.idle_ms) : timeouts.idle_ms;
}

// Handles a failed receive: ends the connection. If the time for a head is over and the request has
// begun, plans a 408 (RFC 9110 section 15.5.9).
void end_receive(Connection& c);

}  // namespace server
