// The responses to uploads: to one that is published, and to one that cannot be.
//
// Covered by tests/server/write/put_test.cc and publish_test.cc.
#pragma once

#include <string_view>

#include "apps/server/connection/receive.h"
#include "apps/server/write/publish.h"
#include "apps/server/write/upload.h"

namespace server {

// Plans the response to a fault of a write. A directory that is missing, or a file in its place, is
// a conflict (409), not a 404.
void answer_write(Connection& c, uring::Fault fault);

// Plans the response to a body that is refused before it was received as a whole: the connection
// ends after it.
void refuse_body(Connection& c, int status, std::string_view explanation);
void refuse_body(Connection& c, uring::Fault fault);

// Plans the response to a body that is malformed or incomplete.
void answer_broken(Connection& c, const Received& received);

// Plans the response to an upload that would replace a file, where the asker may only create files.
// False: the asker may replace it.
bool refuse_replacing(Connection& c);

// Says whether an upload that begins is refused for what its path leads to, Upload::before, and
// plans that response. The conditions come last: they count only for a request that would otherwise
// succeed (RFC 9110 section 13.2.1).
bool is_refused(Connection& c, const Upload& upload);

// Counts an upload whose response is planned.
void count_upload(WorkerCounters& counters, const Connection& c);

// Plans the response to a published upload, or to one that could not be published.
void answer_published(Connection& c, const Upload& upload, Published published);

}  // namespace server
