// Covered by tests/server/admin/collect_test.cc.
#include "apps/server/admin/collect.h"

#include <array>

namespace server {

namespace {

void add(std::uint64_t& sum, const Counter& counter) { sum += counter.read(); }

template <std::size_t size>
void add(std::array<std::uint64_t, size>& sums, const std::array<Counter, size>& counters) {
  for (std::size_t i = 0; i < size; ++i) add(sums[i], counters[i]);
}

void add(Histogram& sum, const HistogramCounters& counters) {
  add(sum.buckets, counters.buckets);
  add(sum.sum_us, counters.sum_us);
}

void add(Sums& sums, const WorkerCounters& worker) {
  for (std::size_t i = 0; i < method_count; ++i) {
    add(sums.methods[i].requests, worker.methods[i].requests);
    add(sums.methods[i].durations, worker.methods[i].durations);
  }
  add(sums.first_bytes, worker.first_bytes);
  add(sums.request_bytes, worker.request_bytes);
  add(sums.response_bytes, worker.response_bytes);
  add(sums.accepted, worker.accepted);
  add(sums.accept_failures, worker.accept_failures);
  add(sums.refused, worker.refused);
  add(sums.timeouts, worker.timeouts);
  add(sums.uploads, worker.uploads);
  add(sums.uploads_in_flight, worker.uploads_in_flight);
  add(sums.archives, worker.archives);
  add(sums.archives_in_flight, worker.archives_in_flight);
  add(sums.auth_failures, worker.auth_failures);
  add(sums.handshakes, worker.handshakes);
  add(sums.connections, worker.connections);
  add(sums.active_connections, worker.active_connections);
  add(sums.tls_connections, worker.tls_connections);
  add(sums.cache_hits, worker.cache_hits);
  add(sums.cache_misses, worker.cache_misses);
  add(sums.cache_changes, worker.cache_changes);
  add(sums.cache_dropped, worker.cache_dropped);
  add(sums.cache_bytes, worker.cache_bytes);
  add(sums.cache_files, worker.cache_files);
  add(sums.enters, worker.enters);
  add(sums.operations, worker.operations);
  add(sums.completions, worker.completions);
  add(sums.cancels, worker.cancels);
  add(sums.buffer_shortages, worker.buffer_shortages);
  add(sums.punts, worker.punts);
}

}  // namespace

Sums sum_of(std::span<WorkerCounters* const> workers) {
  Sums sums;
  for (const WorkerCounters* worker : workers) add(sums, *worker);
  return sums;
}

}  // namespace server
