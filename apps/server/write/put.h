// PUT: how a file comes to be.
//
// A body is written to a temporary file beside its target (or in the nearest directory that
// exists) and renamed when it is whole, so that a reader sees the old file or the new one and
// nothing between; missing directories are made only then. Whatever ends early leaves nothing.
// Covered by tests/server/write/put_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Stores the body of a PUT and plans the answer.
uring::Task<> put(Connection& c);

}  // namespace server
