// MOVE: giving a file, a symbolic link or a directory another name.
//
// Covered by tests/server/write/move_test.cc, faults_test.cc and tests/end_to_end/move_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Renames the path of Request::intent to its destination and plans the response: 201 where the
// destination is new, 204 where it was replaced, or an error. RFC 4918 section 9.9;
// docs/decisions/0037-mkcol-and-move.md has the statuses.
uring::Task<> move_file(Connection& c);

}  // namespace server
