// Reading a directory for its listing, in turns, so that nobody else waits for it.
// Covered by tests/server/read/list_directory_test.cc and tests/end_to_end/listing_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Plans the listing of the directory that the intent names. Leaves Exchange::listing.
uring::Task<> list_directory(Connection& c);

}  // namespace server
