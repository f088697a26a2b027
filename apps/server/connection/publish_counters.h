// Publishing the numbers that the modules of a worker count for themselves, and the answer of the
// worker to the admin thread. Covered by tests/server/connection/counters_test.cc.
#pragma once

namespace server {

struct WorkerState;

// Copies the numbers of the engine, the file cache and the connections into the worker's counters,
// and answers the admin thread. Called on the worker's thread; state.counters is not null.
void publish_counters(const WorkerState& state);

}  // namespace server
