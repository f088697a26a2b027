// GET and HEAD, the general path: from a path to an open or cached file, and to a plan.
//
// Covered by tests/server/read/get_test.cc, get_responses_test.cc and tests/end_to_end/.
#pragma once

#include <string_view>

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Plans the response to GET or HEAD of Request::intent. Leaves a file, a cached file or generated
// content in the exchange's Source where the response has such content.
uring::Task<> get(Connection& c);

// The content type of a cached file of that path. The file caches it.
std::string_view type_of(const Connection& c, CachedFile& file, std::string_view path);

// The path of the page for 404, relative to the root. The file may not exist.
std::string_view not_found_page(const Site& site);

}  // namespace server
