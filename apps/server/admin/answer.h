// The responses of the admin listener: bytes of a request in, bytes of a response out. Pure.
//
// Each connection gets one response, which says that it closes the connection. GET and HEAD of a
// few paths are served; the query and the body of a request have no effect. No response contains
// anything of the request. Covered by tests/server/admin/answer_test.cc and fuzz/admin_fuzzer.cc.
#pragma once

#include <string>

#include "apps/server/admin/snapshot.h"
#include "parser/limits.h"
#include "parser/message.h"

namespace server {

// The limits of requests: the heads of browsers and scrapers are smaller by far.
inline constexpr http1::Limits admin_limits{
    .head_bytes = 8192, .fields = 100, .target_bytes = 4096};

// The response to a request with a complete head.
std::string answer_admin(const http1::RequestHead& head, const Snapshot& snapshot);

// The response to bytes that are no request, for the error that the parser has found.
std::string refuse_admin(http1::Error error, const Snapshot& snapshot);

}  // namespace server
