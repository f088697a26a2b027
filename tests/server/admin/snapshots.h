// A Snapshot with a number in each place, for the tests of the texts that are made of it.
#pragma once

#include "apps/server/admin/snapshot.h"

namespace server::lab {

inline Snapshot busy_snapshot() {
  Snapshot snapshot{.now_seconds = 784'111'777, .start_seconds = 784'000'000};
  snapshot.workers = {{.connections = 3}, {.connections = 4}};
  Sums& sums = snapshot.sums;
  MethodNumbers& get = sums.methods[static_cast<std::size_t>(MethodLabel::get)];
  get.requests[200 - least_status] = 12;
  get.requests[404 - least_status] = 1;
  get.durations.buckets = {5, 4, 3, 1, 0, 0, 0, 0, 0, 0, 1};
  get.durations.sum_us = 61'500'000;
  sums.methods[static_cast<std::size_t>(MethodLabel::other)].requests[405 - least_status] = 2;
  sums.first_bytes.buckets = {7, 7};
  sums.request_bytes = 1000;
  sums.response_bytes = 123'456'789'012;
  sums.accepted = 9;
  sums.refused = {1, 2};
  sums.timeouts = {1, 2, 3, 4, 5};
  sums.uploads = {4, 3, 2, 1};
  sums.uploads_in_flight = 1;
  sums.auth_failures = {8, 9, 10};
  sums.handshakes = {21, 22, 23, 24, 25, 26, 27};
  sums.connections = 7;
  sums.active_connections = 2;
  sums.tls_connections = 4;
  sums.cache_hits = 11;
  sums.operations = 99;
  snapshot.process.engine = "epoll";
  snapshot.process.log_lines_lost = 6;
  snapshot.process.disk_free_bytes = 1 << 30;
  snapshot.kernel = {
      .cpu_seconds = 1.25, .resident_bytes = 4096, .open_files = 20, .most_files = 64};
  return snapshot;
}

}  // namespace server::lab
