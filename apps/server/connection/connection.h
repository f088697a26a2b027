// Connection: what one client costs while it waits for its next request.
//
// A descriptor, an Io and an address; everything else is an Exchange, borrowed while requests are
// served. The coroutine serve() owns a connection from accept to close, and nothing else touches
// it. Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#pragma once

#include <cstdint>

#include "apps/server/connection/exchange.h"
#include "apps/server/listen/address_counts.h"
#include "apps/server/listen/peer.h"
#include "uring/io.h"

namespace server {

struct WorkerState;

struct Connection {
  // `scope` and `state` outlive the connection; `socket` is its own.
  Connection(WorkerState& state, uring::Scope& scope, int socket)
      : io(scope), worker(state), fd(socket) {}
  uring::FramePool& frames() { return io.frames(); }

  uring::Io io;
  WorkerState& worker;
  Exchange* exchange = nullptr;  // null while waiting for a request
  int fd;
  std::uint32_t requests = 0;  // answered so far
  AddressCounts::Slot counted = AddressCounts::uncounted;
  Peer peer;
  std::uint8_t endpoint = 0;  // an index of WorkerState::endpoints
  bool open : 1 = true;       // serve() goes on
  bool lingers : 1 = false;   // the peer may still be sending: close gently
  bool starved : 1 = false;   // no provided buffer was left: receive into memory of the exchange
  bool refused : 1 = false;   // over a connection limit: 503 and close
};

// With the frame of serve() it is what an idle client costs: tests/server/allocation_test.cc.
static_assert(sizeof(Connection) <= 192);

}  // namespace server
