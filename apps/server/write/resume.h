// The later requests of a resumable upload, at its own URL: HEAD (and GET) for its offset, PATCH to
// continue it, DELETE to end it without a file.
//
// draft-ietf-httpbis-resumable-upload. Covered by tests/server/write/resume_test.cc and
// tests/end_to_end/resumable_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Does what the request asks of the upload of Request::intent, and plans the response.
uring::Task<> resume(Connection& c);

}  // namespace server
