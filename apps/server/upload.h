// PUT and DELETE: how files come to be and go.
//
// A body is written to a temporary file beside its target (or in the nearest directory that
// exists) and renamed when it is whole, so that a reader sees the old file or the new one and
// nothing between; missing directories are made only then. Whatever ends early leaves nothing.
// Covered by tests/server/upload_test.cc, remove_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/connection.h"

namespace server {

// Stores the body of a PUT and plans the answer.
uring::Task<> store(Connection& c);

// Deletes what a DELETE names and plans the answer. Directories only when empty. In remove.cc.
uring::Task<> remove(Connection& c);

}  // namespace server
