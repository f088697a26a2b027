// The id of a request, which its response has in the field X-Request-Id and its log line contains,
// so that the lines of a proxy, of quoitd and of a client can be found by it.
//
// A trusted proxy sends the id in X-Request-Id, or, for all requests of a connection, in its PROXY
// header; any other request gets 128 random bits. Covered by
// tests/server/connection/identify_test.cc and tests/end_to_end/request_id_test.cc.
#pragma once

#include "apps/server/connection/connection.h"

namespace server {

// Sets Plan::request_id for the request of `c`, whose worker has RequestIds. The view is one of the
// received bytes, of RequestIds or of the exchange.
void identify_request(Connection& c);

}  // namespace server
