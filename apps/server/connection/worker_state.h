// WorkerState: the state that all connections of one worker share, and the memory that they borrow.
//
// Each worker has one, on its own loop and thread. Only Shared is used by several threads. Tests
// create a WorkerState on a simulated engine. Covered by
// tests/server/connection/worker_state_test.cc and tests/server/serve_test.cc.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "apps/server/connection/block_pool.h"
#include "apps/server/connection/clock.h"
#include "apps/server/connection/connection.h"
#include "apps/server/connection/counters.h"
#include "apps/server/connection/exchange.h"
#include "apps/server/connection/generation.h"
#include "apps/server/files/claims.h"
#include "apps/server/files/file_cache.h"
#include "apps/server/files/last_directory.h"
#include "apps/server/files/root.h"
#include "apps/server/listen/address_counts.h"
#include "apps/server/listen/refusals.h"
#include "apps/server/log/access_log.h"
#include "apps/server/plan/temporary_name.h"
#include "parser/splitmix64.h"
#include "uring/loop.h"
#include "uring/monotonic.h"
#include "uring/scope.h"
#include "uring/work_threads.h"

namespace server {

struct Archives;       // archive/archives.h
class Verifier;        // auth/verifier.h
struct Digests;        // files/digests.h
class UploadRegistry;  // files/upload_registry.h

// The objects that all workers share. Constant while workers run, except for the claims and the
// logs, which have locks. Outlives the workers.
struct Shared {
  Claims& claims;
  std::shared_ptr<const Generation> generation;  // with which workers start; never null
  int root = -1;                       // the served directory; every path is opened beneath it
  const Root* served_root = nullptr;   // with that descriptor; null: it is never replaced
  std::size_t cache_open_files = 256;  // the most descriptors of each worker's file cache
  AccessLog* access_log = nullptr;     // null: no generation logs requests
  AccessLog* head_log = nullptr;       // null: no generation logs heads
  Verifier* verifier = nullptr;        // null: there are no users and no tokens
  Refusals* refusals = nullptr;        // null: refused connections are not reported
  std::uint64_t most_refused = 64;     // clients that a worker sends a 503 at once
  // The connections of all workers that are not refused.
  mutable std::atomic<std::uint64_t> admitted = 0;
  unsigned workers = 1;
  int counters_event = -1;  // an event descriptor: a worker with counters has published them
  uring::WorkThreads* handshakes = nullptr;  // for handshakes with slow keys; null: without threads
  UploadRegistry* uploads = nullptr;         // null: no Site lets uploads be resumed
  Digests* digests = nullptr;                // of files; null: without threads and without a cache
  Archives* archives = nullptr;              // null: they are made without threads
};

struct WorkerState {
  // `own_counters` outlives the state; null: responses and events are not counted.
  WorkerState(const Shared& from, uring::Loop& on, WorkerCounters* own_counters = nullptr);
  ~WorkerState();

  // Creates a connection, to be passed to serve(), which owns the accepted `socket`. One over a
  // limit is marked `refused`. `speaks_tls`: its first bytes are a TLS handshake. Null: memory is
  // exhausted, or the address has too many connections and too many clients are being refused
  // already; the socket was closed, in the latter case after a short 503.
  Connection* admit(int socket, bool speaks_tls = false);

  // Records that `client`, which the trusted proxy at the other end of `c` has announced, sends
  // the next requests: logs and limits use its address. Marks `c` as refused if that address has
  // too many connections.
  void take_client(Connection& c, const Peer& client);
  // Records that the announced client sends no requests now: the connection of the proxy is idle.
  void release_client(Connection& c);
  // The worker refuses as many clients as it may, because all workers together have reached their
  // limit: further clients are to wait in the accept queue.
  bool is_overrun() const {
    return refused >= shared.most_refused && shared.admitted >= generation().most_connections;
  }

  // Ends idle connections now, and the others after their current request. A client that has
  // connected and sent nothing yet has a second for its first request. To be called once.
  void drain();

  // Adapts to a changed Shared::root: invalidates the file cache and all that was found out about
  // the old root. While the root is missing, each request gets a 503.
  void change_root();

  // Sets the time by which the file cache compares its entries and finds idle ones.
  void set_file_time();

  // To be called after each loop iteration: closes deleted files even if no request has come.
  void end_iteration() {
    if (refreshed_ != loop.iterations() || !watches_files_) refresh_without_request();
  }

  // Makes `next` the current generation. Requests that have begun keep the old one. Invalidates the
  // cached response heads of the old one, and the cached files if their types have changed; else
  // these stay. Allocates no memory.
  void adopt(std::unique_ptr<LiveGeneration> next);

  // The generation and the Site for new requests.
  const Generation& generation() const { return *current_->generation; }
  const Site& site() const { return generation().site; }

  // Returns the exchange of `c`, which borrows one first if it has none. Then the caller has to
  // call begin_request(), which chooses the generation: a borrowed exchange has that of its last
  // request. Throws std::bad_alloc if memory is exhausted; `c` is then unchanged.
  Exchange& borrow(Connection& c) { return c.exchange ? *c.exchange : lend(c); }
  // Takes the exchange of `c` back, which has no unsent bytes and no open source.
  void give_back(Connection& c) {
    Exchange& x = *c.exchange;
    assert(x.live);  // begin_request() was called
    assert(x.in.buffer == uring::no_buffer && x.source.file < 0 && !x.source.cached);
    assert(x.plan.status == 0 && x.request.head.size() == 0 && x.out.unlogged.empty());
    blocks.release(x.out.block);
    x.out.gathered = 0;
    x.out.queued = x.out.sent = 0;
    assert(x.frames.empty());
    c.io.use_frame_stack(nullptr);
    if (!x.live->is_current) release_generation(x);
    x.next_idle = idle_;
    idle_ = std::exchange(c.exchange, nullptr);
  }
  // Destroys `c`, whose socket is closed.
  void destroy(Connection& c);

  // Records that the first byte of a request has arrived, and chooses its generation.
  void begin_request(Connection& c) {
    Exchange& x = *c.exchange;
    x.request.began_us = 0;
    x.request.began_ms = loop.now();
    if (x.live != unmeasured_) begin_specially(c, x);
  }

  // The file cache, after it has applied all changes of files that were made before this loop
  // iteration.
  FileCache& fresh_files() {
    if (std::exchange(refreshed_, loop.iterations()) != loop.iterations()) refresh_files();
    return files;
  }
  // The wall clock in this loop iteration, in Unix seconds. Clock::date() is its text.
  std::int64_t now() {
    if (timed_ != loop.iterations()) clock.now();
    timed_ = loop.iterations();
    return clock.seconds();
  }
  // The monotonic clock after the response to a request that has begun at `began_us`, for durations
  // in the log and in the counters; 0 if neither contains durations. It is read anew where all of
  // the request was served in this loop iteration.
  std::int64_t end_time_us(std::int64_t began_us);

  // Counts an event, if events are counted.
  void count_refusal(RefusalReason reason) const {
    if (counters) counters->count_refusal(reason);
  }
  void count_timeout(TimeoutKind kind) const {
    if (counters) counters->count_timeout(kind);
  }
  void count_handshake(Handshake outcome) { ++handshakes[static_cast<std::size_t>(outcome)]; }

  // Records that this thread has changed a file in this loop iteration, so that the file cache
  // applies the change before the next look-up.
  void record_file_change() {
    changes_files_ = true;
    refreshed_ = 0;
  }

  // A new temporary name, for a file that is created with O_EXCL.
  TemporaryName new_temporary_name() { return temporary_name(random_.next()); }

  // Whether that device is the root's file system, and its files are in memory (tmpfs).
  bool is_in_memory(dev_t device) const { return memory_device == device; }

  // Frees memory that a burst of requests has left: exchanges that were not used for quiet_ms, free
  // blocks, and receive buffers if none is in use. Called every few seconds.
  void tidy();
  static constexpr uring::Milliseconds quiet_ms = 10'000;
  // The number of exchanges that are not lent.
  std::size_t idle_exchanges() const;

  // Recomputes what follows from the current generation and the state of this worker. Tests call it
  // after they have changed the generation.
  void update_policy();

  const Shared& shared;
  WorkerCounters* const counters;  // null: nothing is counted
  uring::Loop& loop;
  uring::Scope connections;
  BlockPool blocks;
  FileCache files;
  std::optional<dev_t> memory_device;  // the device of the root, if its files are in memory
  bool links_files = false;            // this process may link a file that has no name
  LastDirectory last_directory;
  Clock clock;
  std::unique_ptr<RequestIds> request_ids;  // null: no generation has given ids to requests
  std::array<std::uint64_t, handshake_count> handshakes{};  // of TLS, by outcome
  bool draining = false;
  // Another process serves this root: kept connections get 503 for requests that change files.
  bool is_retired = false;
  bool root_is_missing = false;
  std::uint64_t live = 0;      // the number of connections
  std::uint64_t live_tls = 0;  // those of them that speak TLS
  std::uint64_t refused = 0;   // the number of connections that are over a limit; see is_overrun()
  std::size_t listings = 0;    // the number of directories that are being read
  std::size_t listing_runs = 0;  // the number of runs of all listings, see Listing

 private:
  Exchange& lend(Connection& c) {
    if (!idle_) make_exchange();
    Exchange& x = *idle_;
    x.out.block = blocks.lend();  // may throw, and comes before all changes
    idle_ = x.next_idle;
    c.exchange = &x;
    c.io.use_frame_stack(&x.frames);
    if (c.generation != adoptions_) renew(c);
    if (generation().logs_peers()) write_addresses(c, x);
    return x;
  }
  // Writes the addresses of the client and, where the log has it, of the other end of `c`.
  void write_addresses(const Connection& c, Exchange& x) const;
  // Determines again what follows for `c` from the current generation.
  void renew(Connection& c);
  // The rest of begin_request(), for a request that is measured or the first of its generation.
  void begin_specially(Connection& c, Exchange& x);
  // Lets the exchange use the current generation.
  void choose_generation(Connection& c, Exchange& x);
  // Lets the exchange use no generation. Deletes it if it is an older one without other exchanges.
  void release_generation(Exchange& x);
  void* allocate_connection(bool speaks_tls);
  void make_exchange();
  void refresh_files();
  bool count_address(const Peer& peer, AddressCounts::Slot& counted) const;
  enum class Admission : std::uint8_t { admitted, refused, refused_at_once };
  Admission judge(const Peer& peer, bool is_trusted, AddressCounts::Slot& counted) const;
  void refresh_without_request();
  void examine_root();
  std::int64_t iteration_time_us();

  std::unique_ptr<LiveGeneration> current_;  // never null
  // The current generation; while durations are measured an address that no generation has, so that
  // begin_request() compares once for both.
  const void* unmeasured_ = this;
  std::uint16_t adoptions_ : 13 = 0;  // the number of calls of adopt(), see Connection::generation
  bool measures_durations_ = false;   // the access log or the counters contain durations
  Exchange* idle_ = nullptr;          // exchanges that are not lent, linked by Exchange::next_idle
  std::uint64_t refreshed_ = 0;       // the loop iteration in which `files` was refreshed last
  bool watches_files_ = false;        // the engine reports when the file cache has to be refreshed
  bool changes_files_ = false;        // this thread itself has changed files
  std::uint64_t timed_ = 0;           // the loop iteration in which the clock was read last
  std::uint64_t measured_ = 0;        // the loop iteration in which measured_us_ was read
  std::int64_t measured_us_ = 0;
  http1::SplitMix64 random_;  // for temporary names
};

// Fills in a random boundary for multipart/byteranges. False: the system has no random bytes.
bool draw_boundary(Boundary& boundary);

}  // namespace server
