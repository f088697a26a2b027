// PUT: receiving a file and publishing it.
//
// The body is written to a temporary file in the directory of the target, or in the nearest
// directory above it that exists. When the body is complete, missing directories are made and the
// temporary file is renamed, so that a reader sees either the whole old file or the whole new one.
// An upload that ends early leaves nothing behind. Covered by tests/server/write/put_test.cc and
// tests/end_to_end/put_test.cc.
#pragma once

#include <cstdint>

#include "apps/server/connection/connection.h"
#include "parser/fields.h"
#include "uring/task.h"

namespace server {

// Stores the body of a PUT as the file of Request::intent and plans the response. `length`: the
// number of bytes that the body must have, where the request tells it beside the body; else
// http1::max_length. A body of another length gets a 400 and is not stored.
uring::Task<> put(Connection& c, std::uint64_t length = http1::max_length);

}  // namespace server
