// The gate: the name of the asker, and the right to the request. Decided once for each request of a
// guarded Site, before the body, before conditions and before the file system is looked at, so that
// a refusal tells nothing about files.
//
// Covered by tests/server/auth/gate_test.cc and tests/end_to_end/auth_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Verifies the credentials of the request, if it has some, and sets Request::user; without them,
// sets it to the name in the client's certificate. Decides by the rules about the request's Intent,
// and completes the Intent by that decision. A password that is not cached is awaited while a
// thread checks it. False: a response is planned: 401 without right credentials where they may
// help, 403 without the right, 429 or 503.
uring::Task<bool> admit_request(Connection& c);

}  // namespace server
