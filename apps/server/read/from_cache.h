// The fast path: a request for a cached file is answered without waiting and without a coroutine.
//
// What it answers is what the long way (get.h) would have answered; tests compare the two for each
// option. Covered by tests/server/read/from_cache_test.cc.
#pragma once

#include "apps/server/connection/connection.h"

namespace server {

// Gathers the response to the parsed request of `c` where nothing has to be waited for: GET or HEAD
// of a file that the cache has in memory or mapped, or whose absence it knows. A large body is not
// copied but left in Output::direct. False: nothing has been done, and the request takes the long
// way.
bool answer_from_cache(Connection& c);

}  // namespace server
