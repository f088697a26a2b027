// MKCOL: making one directory.
//
// Covered by tests/server/write/make_directory_test.cc and tests/end_to_end/move_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Makes the directory at the path of Request::intent and plans the response: 201; 405 where
// something has the name; 409 where the directory above is missing; or an error. RFC 4918
// section 9.3.
uring::Task<> make_directory(Connection& c);

}  // namespace server
