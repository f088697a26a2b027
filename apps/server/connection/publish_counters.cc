// Copying the numbers that modules keep for themselves. Covered by
// tests/server/connection/counters_test.cc.
#include "apps/server/connection/publish_counters.h"

#include "apps/server/connection/worker_state.h"

namespace server {

void publish_counters(const WorkerState& state) {
  WorkerCounters& counters = *state.counters;
  const std::uint64_t asked = counters.asked.load(std::memory_order_acquire);
  const uring::Counters& engine = state.loop.engine().counters();
  const FileCache::Counters& cache = state.files.counters();
  counters.connections.set(state.live);
  counters.active_connections.set(state.blocks.lent());
  counters.tls_connections.set(state.live_tls);
  for (std::size_t i = 0; i < handshake_count; ++i) {
    counters.handshakes[i].set(state.handshakes[i]);
  }
  counters.cache_hits.set(cache.hits);
  counters.cache_misses.set(cache.misses);
  counters.cache_changes.set(cache.changes);
  counters.cache_dropped.set(cache.dropped);
  counters.cache_bytes.set(state.files.bytes());
  counters.cache_files.set(state.files.size());
  counters.enters.set(engine.enters);
  counters.operations.set(engine.operations);
  counters.completions.set(engine.completions);
  counters.cancels.set(engine.cancels);
  counters.buffer_shortages.set(engine.buffer_shortages);
  counters.punts.set(engine.punts);
  counters.answered.store(asked, std::memory_order_release);
}

}  // namespace server
