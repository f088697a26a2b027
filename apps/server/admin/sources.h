// AdminSources: where the admin thread gets its numbers from. The wing process fills it in, so that
// this wing knows neither workers nor the configuration. Covered by
// tests/server/admin/admin_server_test.cc.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "apps/server/admin/snapshot.h"
#include "apps/server/connection/counters.h"

namespace server {

// All of it outlives the thread. The functions are called on the admin thread and must not wait,
// because the listener has to answer while every other thread hangs.
struct AdminSources {
  std::vector<WorkerCounters*> workers;
  // Makes that worker call publish_counters() soon.
  std::function<void(std::size_t worker)> wake;
  std::function<ProcessFacts()> facts;
  // An event descriptor, non-blocking, to which a worker adds 1 when it has published its counters.
  int published = -1;
};

}  // namespace server
