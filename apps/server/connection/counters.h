// WorkerCounters: the numbers of one worker that the admin listener reads.
//
// Each worker has one object, which outlives its thread and is never reset, so that sums over all
// workers never go back. The worker adds by a relaxed load and store, which costs no lock prefix,
// since no other thread writes; the admin thread reads at any time, also while the worker hangs.
// Numbers of other modules that count for themselves, such as the engine, are copied by
// publish_counters() when the admin thread asks for it. Covered by
// tests/server/connection/counters_test.cc.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "parser/vocabulary.h"

namespace server {

// A number that one thread writes and all threads read.
class Counter {
 public:
  void add(std::uint64_t count = 1) { set(read() + count); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// The upper bounds of the buckets of a histogram, in microseconds. The last bucket has none.
inline constexpr std::array<std::int64_t, 10> bucket_bounds_us = {
    100, 500, 1'000, 5'000, 25'000, 100'000, 500'000, 2'500'000, 10'000'000, 60'000'000};
inline constexpr std::size_t bucket_count = bucket_bounds_us.size() + 1;

struct HistogramCounters {
  void record(std::int64_t duration_us) {
    std::size_t bucket = 0;
    while (bucket < bucket_bounds_us.size() && duration_us > bucket_bounds_us[bucket]) ++bucket;
    buckets[bucket].add();
    sum_us.add(static_cast<std::uint64_t>(duration_us));
  }

  std::array<Counter, bucket_count> buckets;
  Counter sum_us;
};

// The methods that are counted apart, so that a client cannot create labels.
enum class MethodLabel : std::uint8_t {
  get,
  head,
  put,
  delete_,
  patch,
  mkcol,
  move,
  options,
  other
};
inline constexpr std::size_t method_count = 9;

constexpr MethodLabel label_of(http1::Method method) {
  switch (method) {
    case http1::Method::get: return MethodLabel::get;
    case http1::Method::head: return MethodLabel::head;
    case http1::Method::put: return MethodLabel::put;
    case http1::Method::delete_: return MethodLabel::delete_;
    case http1::Method::patch: return MethodLabel::patch;
    case http1::Method::mkcol: return MethodLabel::mkcol;
    case http1::Method::move: return MethodLabel::move;
    case http1::Method::options: return MethodLabel::options;
    default: return MethodLabel::other;
  }
}

// Statuses are 100 to 599.
inline constexpr int least_status = 100;
inline constexpr std::size_t status_count = 500;

enum class RefusalReason : std::uint8_t {
  connections,  // --max-connections
  address,      // --max-connections-per-address
};
inline constexpr std::size_t refusal_count = 2;

enum class TimeoutKind : std::uint8_t { head, idle, body, send, proxy_header };
inline constexpr std::size_t timeout_count = 5;

enum class UploadResult : std::uint8_t {
  stored,   // 2xx
  refused,  // 4xx, while the client was there
  failed,   // 5xx
  aborted,  // the client has gone, or the time was over
};
inline constexpr std::size_t upload_count = 4;

enum class ArchiveResult : std::uint8_t {
  sent,
  refused,  // 503: as many as may be were being made
  broken,   // a file could not be read to its end, or something was lacking
  aborted,  // the client has gone, or the server has stopped
};
inline constexpr std::size_t archive_count = 4;

// The outcome of a TLS handshake.
enum class Handshake : std::uint8_t {
  full,
  resumed,      // by a ticket of an earlier connection
  late,         // not done within --head-timeout
  interrupted,  // the client has gone
  malformed,    // the client does not follow the protocol, or offers nothing usable
  refused,      // one side does not accept the certificate of the other
  plain_http,   // the client speaks HTTP without TLS
};
inline constexpr std::size_t handshake_count = 7;

enum class AuthFailure : std::uint8_t {
  wrong,      // 401: no such user, password or token, or credentials that cannot be read
  throttled,  // 429: the address has failed too often
  busy,       // 503: too many passwords are being checked
};
inline constexpr std::size_t auth_failure_count = 3;

struct MethodCounters {
  std::array<Counter, status_count> requests;  // by status
  HistogramCounters durations;                 // from the first byte in to the last byte out
};

// 128 bytes are two cache lines, which the processor fetches together.
struct alignas(128) WorkerCounters {
  void count_response(MethodLabel method, int status, std::int64_t duration_us) {
    MethodCounters& own = methods[static_cast<std::size_t>(method)];
    const auto code = static_cast<std::size_t>(status - least_status);
    if (code < status_count) own.requests[code].add();
    own.durations.record(duration_us);
  }
  void count_refusal(RefusalReason reason) { refused[static_cast<std::size_t>(reason)].add(); }
  void count_timeout(TimeoutKind kind) { timeouts[static_cast<std::size_t>(kind)].add(); }
  void count_failure(AuthFailure reason) { auth_failures[static_cast<std::size_t>(reason)].add(); }

  // Counted where it happens.
  std::array<MethodCounters, method_count> methods;
  HistogramCounters first_bytes;  // from the first byte in to the first byte out
  Counter request_bytes;
  Counter response_bytes;
  Counter accepted;
  Counter accept_failures;
  std::array<Counter, refusal_count> refused;
  std::array<Counter, timeout_count> timeouts;
  std::array<Counter, upload_count> uploads;
  Counter uploads_in_flight;
  std::array<Counter, archive_count> archives;
  Counter archives_in_flight;
  std::array<Counter, auth_failure_count> auth_failures;

  // Copied by publish_counters().
  Counter connections;
  Counter active_connections;
  Counter tls_connections;
  std::array<Counter, handshake_count> handshakes;
  Counter cache_hits;
  Counter cache_misses;
  Counter cache_changes;
  Counter cache_dropped;
  Counter cache_bytes;
  Counter cache_files;
  Counter enters;
  Counter operations;
  Counter completions;
  Counter cancels;
  Counter buffer_shortages;
  Counter punts;

  // The admin thread adds 1 to `asked` and wakes the worker, which publishes its numbers and sets
  // `answered` to the value of `asked` that it has read. The two differ while the worker hangs.
  std::atomic<std::uint64_t> asked = 0;
  std::atomic<std::uint64_t> answered = 0;
  std::atomic<bool> has_ended = false;  // the worker serves no more and answers no more
};

}  // namespace server
