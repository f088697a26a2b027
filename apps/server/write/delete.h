// DELETE: how a file or an empty directory goes.
//
// Covered by tests/server/write/delete_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Deletes what a DELETE names, a directory only when it is empty, and plans the response.
uring::Task<> delete_file(Connection& c);

}  // namespace server
