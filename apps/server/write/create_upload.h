// The first request of a resumable upload: a PUT with Upload-Complete.
//
// draft-ietf-httpbis-resumable-upload. With `?0` the body is a part, perhaps an empty one, and the
// answer is 201 with the URL at which the upload goes on. With `?1` the body is the whole file; a
// client that understands 104 (Upload Resumption Supported) gets that URL before the body, so that
// it can go on after a break. Covered by tests/server/write/create_upload_test.cc and
// tests/end_to_end/resumable_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Stores the body of the PUT, or begins an upload with it, and plans the response.
uring::Task<> create_upload(Connection& c);

}  // namespace server
