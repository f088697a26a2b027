// Summing up the counters of all workers. Covered by tests/server/admin/collect_test.cc.
#pragma once

#include <span>

#include "apps/server/admin/snapshot.h"
#include "apps/server/connection/counters.h"

namespace server {

// Reads the counters while their workers go on counting, so that two numbers of one result may be
// of slightly different moments.
Sums sum_of(std::span<WorkerCounters* const> workers);

}  // namespace server
