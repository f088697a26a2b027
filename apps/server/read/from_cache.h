// The fast path of GET and HEAD: a response from the file cache, without a wait and without a
// coroutine.
//
// Its responses are equal to those of the general path (get.h); the tests compare both for each
// option of a Site. Covered by tests/server/read/from_cache_test.cc.
#pragma once

#include "apps/server/connection/connection.h"

namespace server {

// Gathers the response to the parsed request of `c` where no operation has to wait: GET or HEAD of
// a file that the cache has in memory or mapped, or of a path that is cached as missing. A large
// body is not copied: it becomes Output::direct. False: nothing was changed; the request takes the
// general path.
bool answer_from_cache(Connection& c);

}  // namespace server
