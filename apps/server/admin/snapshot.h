// Snapshot: all that the admin listener reports, as plain numbers of one moment.
//
// The admin thread fills it in (collect.h); the functions that make responses of it are pure.
// Covered by tests/server/admin/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/server/connection/counters.h"

namespace server {

struct Histogram {
  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t bucket : buckets) sum += bucket;
    return sum;
  }

  std::array<std::uint64_t, bucket_count> buckets{};  // not cumulative
  std::uint64_t sum_us = 0;
};

struct MethodNumbers {
  std::array<std::uint64_t, status_count> requests{};  // by status
  Histogram durations;
};

// The numbers of one worker that are not summed.
struct WorkerNumbers {
  std::uint64_t connections = 0;
  // For how long the worker has not answered the admin thread, in microseconds; 0 if it has.
  std::int64_t silent_us = 0;
};

// The sums of WorkerCounters over all workers.
struct Sums {
  std::array<MethodNumbers, method_count> methods;
  Histogram first_bytes;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::uint64_t accepted = 0;
  std::uint64_t accept_failures = 0;
  std::array<std::uint64_t, refusal_count> refused{};
  std::array<std::uint64_t, timeout_count> timeouts{};
  std::array<std::uint64_t, upload_count> uploads{};
  std::uint64_t uploads_in_flight = 0;
  std::array<std::uint64_t, archive_count> archives{};
  std::uint64_t archives_in_flight = 0;
  std::array<std::uint64_t, auth_failure_count> auth_failures{};
  std::array<std::uint64_t, handshake_count> handshakes{};
  std::uint64_t connections = 0;
  std::uint64_t active_connections = 0;
  std::uint64_t tls_connections = 0;
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t cache_changes = 0;
  std::uint64_t cache_dropped = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t cache_files = 0;
  std::uint64_t enters = 0;
  std::uint64_t operations = 0;
  std::uint64_t completions = 0;
  std::uint64_t cancels = 0;
  std::uint64_t buffer_shortages = 0;
  std::uint64_t punts = 0;
};

// Why the server is not ready to serve, if it is not.
struct Readiness {
  bool is_starting = false;
  bool is_draining = false;
  bool has_no_space = false;     // the free space has come down to --reserve
  bool root_is_missing = false;  // the path of ROOT leads to no directory
  bool log_is_failing = false;   // the last write to a log has failed
};

// The reloads of the configuration, where the server can reload it.
struct Reloads {
  std::uint64_t succeeded = 0;
  std::uint64_t refused = 0;
  double last_success_seconds = 0;  // Unix time of the last success; 0: none
};

// The facts that do not come from workers.
struct ProcessFacts {
  std::string engine;  // "io_uring" or "epoll"; empty while the server starts
  Readiness readiness;
  std::optional<Reloads> reloads;
  std::uint64_t log_lines_lost = 0;
  std::int64_t disk_free_bytes = -1;  // -1: not known
};

// The numbers that the kernel has about the process. A number that it does not report is 0.
struct KernelFacts {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t most_files = 0;
};

struct Snapshot {
  std::int64_t now_seconds = 0;    // Unix time
  std::int64_t start_seconds = 0;  // Unix time
  std::vector<WorkerNumbers> workers;
  Sums sums;
  ProcessFacts process;
  KernelFacts kernel;
};

}  // namespace server
