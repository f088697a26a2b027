// From a path to an open or cached file, and from a target to a cached one.
//
// Covered by tests/server/read/get_test.cc and from_cache_test.cc.
#pragma once

#include <string_view>

#include "apps/server/connection/connection.h"
#include "apps/server/files/cached_file.h"
#include "apps/server/files/open.h"
#include "uring/task.h"

namespace server {

// Finds the file of a path, NUL-terminated: in the cache, where it is pinned, or by opening it.
uring::Task<Found> look_up(Connection& c, const char* path);

// Closes or unpins `found`, whose fault becomes `fault`.
void discard(Connection& c, Found& found, uring::Fault fault);

// Whether `user`, or with an empty name an asker without one, may read another path than that of
// the request.
bool may_read(const Connection& c, std::string_view user, std::string_view path);

// Records that the request's target leads to that file, so that the fast path answers the next one
// of any client; not if rules keep some client from it. An older generation may lead elsewhere.
void record_target(Connection& c, CachedFile& cached, bool is_public);

}  // namespace server
