// The numbers of the status page, as JSON for its script and as rows for browsers without scripts.
// Pure. Covered by tests/server/admin/status_test.cc.
#pragma once

#include <string>

#include "apps/server/admin/snapshot.h"

namespace server {

// The numbers of a snapshot, as the script of the page (pages/status/status.js) reads them.
std::string write_status_json(const Snapshot& snapshot);

// The page with the main numbers in its table.
std::string write_status(const Snapshot& snapshot);

}  // namespace server
