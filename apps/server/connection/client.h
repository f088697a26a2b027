// The address of a client that a trusted proxy announces, once for a connection in a PROXY header,
// or for each request in a field. Logs and limits use that address.
//
// Covered by tests/server/connection/client_test.cc and tests/end_to_end/proxy_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "parser/parse.h"

namespace server {

// The time for a PROXY header: the proxy sends it as soon as it has connected.
inline constexpr uring::Milliseconds proxy_header_ms = 3000;

// Takes the PROXY header off the received bytes of `c`, which awaits one. Progress::more: more
// bytes are needed. Progress::failed: the header is malformed, or longer than the largest head, so
// that the connection has to be closed without a response.
http1::Progress take_proxy_header(Connection& c);

// Records that `c` is closed while it still awaits its PROXY header, and why. A connection that its
// peer has closed without a byte, as health checks do, is not recorded.
void record_missing_header(const Connection& c);

// Takes the client's address from the complete head of `c`, whose peer is trusted. Without the
// field, the client is the peer.
void take_forwarded_client(Connection& c);

}  // namespace server
