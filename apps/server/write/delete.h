// DELETE: removing a file, a symbolic link or an empty directory.
//
// Covered by tests/server/write/delete_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Deletes the path of Request::intent, a directory only where it is empty, and plans the response:
// 204, or an error.
uring::Task<> delete_file(Connection& c);

}  // namespace server
