// Space for an upload: whether the file system has it beside --reserve, and writing into it.
//
// A large file that was just deleted keeps its space while it is open in the file cache of another
// worker. That worker closes it as soon as inotify reports the deletion, so that space is looked
// for again for a tenth of a second before an upload is refused. Covered by
// tests/server/write/space_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

#include "apps/server/connection/connection.h"
#include "apps/server/write/upload.h"
#include "uring/task.h"

namespace server {

// Says whether the file system of `directory` has `bytes` more beside --reserve, or has so soon.
// True where it does not report its free space: a write will tell.
uring::Task<bool> finds_space(Connection& c, int directory, std::uint64_t bytes);

// Writes `bytes` into the temporary file at Upload::position and advances that. Fault::no_space:
// beside --reserve there is no space for them, and none has become free soon.
uring::Task<uring::Fault> write_bytes(Connection& c, Upload& upload, std::string_view bytes);

}  // namespace server
