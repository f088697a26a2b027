// The shortest way through the corridor: what is remembered is answered without waiting.
// Covered by tests/server/at_once_test.cc.
#pragma once

#include "apps/server/connection.h"

namespace server {

// Gathers the answer to the parsed request of `c` if that needs nothing that may have to be waited
// for: GET or HEAD of what the file cache has in memory or in a mapping of the page cache, or knows
// to be nothing. What need not be copied is left in Exchange::direct. False: nothing has been
// done. Says exactly what the long way would have said.
bool answer_at_once(Connection& c);

}  // namespace server
