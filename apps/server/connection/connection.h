// Connection: the state of one client connection that is kept while it is idle.
//
// It has a descriptor, an Io and an address. All other state is in an Exchange, which a connection
// borrows while requests are served. The coroutine serve() owns a connection from accept to close,
// and no other function uses it meanwhile. Covered by tests/server/serve_test.cc and
// tests/end_to_end/.
#pragma once

#include <cstdint>

#include "apps/server/connection/exchange.h"
#include "apps/server/listen/address_counts.h"
#include "apps/server/plan/peer.h"
#include "uring/io.h"
#include "uring/scope.h"

namespace server {

struct WorkerState;

struct Connection {
  // `scope` and `state` outlive the connection, which owns `socket`.
  Connection(WorkerState& state, uring::Scope& scope, int socket)
      : io(scope), worker(state), fd(socket) {}
  uring::Frames frames() const { return io.frames(); }

  uring::Io io;
  WorkerState& worker;
  Exchange* exchange = nullptr;  // null while the connection is idle
  int fd;
  std::uint32_t requests = 0;  // number of requests with a response
  AddressCounts::Slot counted = AddressCounts::uncounted;
  std::uint16_t generation : 13 = 0;  // the one by which `is_trusted` was determined
  bool knows_peer : 1 = false;        // `peer` is set
  bool is_tls : 1 = false;            // it is a TlsConnection (tls_stream.h)
  bool avoids_cache : 1 = false;      // requests take the general path: the connection is refused,
                                      // or the client has a certificate
  Peer peer;
  bool open : 1 = true;         // false: serve() closes the connection
  bool lingers : 1 = false;     // the peer may still be sending, so that the close lingers
  bool starved : 1 = false;     // no provided buffer was left: receive into memory of the exchange
  bool refused : 1 = false;     // over a connection limit: respond with 503 and close
  bool is_trusted : 1 = false;  // the peer is a proxy, which announces its clients
  bool awaits_proxy_header : 1 = false;  // the PROXY header has not arrived yet
  bool was_reprieved : 1 = false;        // has had its second for a first request while draining
  bool sends_singly : 1 = false;  // a response is sent before the next request is read, because
                                  // its log line has texts that each request has of its own
};

// An idle client costs these bytes and the frame of serve(): tests/server/allocation_test.cc.
static_assert(sizeof(Connection) <= 200);

}  // namespace server
