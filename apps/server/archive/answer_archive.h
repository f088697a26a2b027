// GET and HEAD of a directory as an archive.
//
// Covered by tests/server/archive/answer_archive_test.cc and tests/end_to_end/archive_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Plans the response to GET or HEAD of Request::intent, whose action is Action::archive. Leaves the
// content of a GET in the exchange's Source. 503 with Retry-After: as many archives are being sent
// as may (Site::most_archives).
uring::Task<> answer_archive(Connection& c);

}  // namespace server
