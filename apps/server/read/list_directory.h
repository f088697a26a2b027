// Reading a directory for its listing, in time slices, so that other connections are served
// meanwhile. Covered by tests/server/read/list_directory_test.cc and
// tests/end_to_end/listing_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Plans the response to GET or HEAD of a directory without an index file: its listing, which
// becomes Source::generated, or an error.
uring::Task<> list_directory(Connection& c);

}  // namespace server
