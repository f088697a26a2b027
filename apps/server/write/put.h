// PUT: receiving a file and publishing it.
//
// The body is written to a temporary file in the directory of the target, or in the nearest
// directory above it that exists. When the body is complete, missing directories are made and the
// temporary file is renamed, so that a reader sees either the whole old file or the whole new one.
// An upload that ends early leaves nothing behind. Covered by tests/server/write/put_test.cc and
// tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Stores the body of a PUT as the file of Request::intent and plans the response.
uring::Task<> put(Connection& c);

}  // namespace server
