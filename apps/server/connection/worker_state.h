// WorkerState: what all connections of one worker thread share, and the memory they borrow.
//
// One for each worker, on its own loop. Nothing in it is shared with another thread but what Shared
// names. Tests make one on a simulated engine. Covered by
// tests/server/connection/worker_state_test.cc and connection_test.cc.
#pragma once

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
#include "apps/server/connection/exchange.h"
#include "apps/server/files/claims.h"
#include "apps/server/files/file_cache.h"
#include "apps/server/files/last_directory.h"
#include "apps/server/files/mime.h"
#include "apps/server/listen/address_counts.h"
#include "apps/server/listen/endpoint.h"
#include "apps/server/log/access_log.h"
#include "apps/server/plan/temporary_name.h"
#include "parser/splitmix64.h"
#include "uring/loop.h"
#include "uring/monotonic.h"
#include "uring/scope.h"

namespace server {

// What all workers share; read-only but for the claims and the logs, which lock, and the counts,
// which are atomic. Outlives the workers.
struct Shared {
  const Mime& mime;
  Claims& claims;
  std::vector<Endpoint> endpoints;        // what each worker begins with
  int root = -1;                          // the served directory; every path is opened beneath it
  std::uint64_t cache_bytes = 0;          // of each worker's file cache; 0: no cache
  AccessLog* access_log = nullptr;        // null: off
  AccessLog* head_log = nullptr;          // null: off
  AddressCounts* addresses = nullptr;     // null: no address is counted
  std::uint64_t most_connections = 1024;  // of one worker
};

// A Site in use by one worker: the current one of an endpoint, or an older one that exchanges still
// use.
struct LiveSite {
  std::shared_ptr<const Site> site;
  std::uint32_t exchanges = 0;      // that use it, idle ones included
  bool is_current = true;           // new exchanges use it
  bool answers_from_cache = false;  // requests may be answered by the fast path (from_cache.h)
};

struct WorkerState {
  WorkerState(const Shared& from, uring::Loop& on);
  ~WorkerState();

  // Takes an accepted socket as a new connection of that endpoint, for serve(). Null: too many
  // clients are being refused already, and the socket was closed. A connection over a limit is
  // marked `refused`.
  Connection* admit(int socket, std::uint8_t endpoint = 0);

  // Connections end after the request they are in; idle ones end now.
  void drain();

  // Replaces the Site of an endpoint. Requests that have begun keep the old one. Cached answers of
  // the old one are invalidated; Mime, and cached files with their types, stay.
  void replace_site(std::size_t endpoint, std::shared_ptr<const Site> site);

  // What new requests of that connection are judged by.
  const Site& site_of(const Connection& c) const { return *endpoints[c.endpoint]->site; }

  // The exchange of `c`, borrowed now if it has none. Then begin_request() has to follow, which
  // chooses its Site: an exchange that comes from the idle list has that of its last request.
  Exchange& borrow(Connection& c) { return c.exchange ? *c.exchange : lend(c); }
  void give_back(Connection& c) {
    Exchange& x = *c.exchange;
    assert(x.in.buffer == uring::no_buffer && x.source.file < 0 && !x.source.cached);
    assert(x.plan.status == 0 && x.request.head.size() == 0 && x.out.answered.empty());
    blocks.release(x.out.block);
    x.out.gathered = 0;
    x.out.queued = x.out.sent = 0;
    if (!x.live_site->is_current) release_site(x);
    x.next_idle = idle_;
    idle_ = std::exchange(c.exchange, nullptr);
  }
  // Destroys `c`, which is closed.
  void forget(Connection& c);

  // Records that a request begins now: its first byte is there. Chooses its Site.
  void begin_request(Connection& c) {
    Exchange& x = *c.exchange;
    x.request.began_us = log_time_us();
    x.request.began_ms = loop.now();
    if (x.live_site != endpoints[c.endpoint].get()) choose_site(c, x);
  }

  // The file cache with all changes applied that were made before this loop iteration.
  FileCache& fresh_files() {
    if (std::exchange(refreshed_, loop.iterations()) != loop.iterations()) refresh_files();
    return files;
  }
  // The wall clock in this loop iteration, in Unix seconds; Clock::date() goes with it.
  std::int64_t now() {
    if (timed_ != loop.iterations()) clock.now();
    timed_ = loop.iterations();
    return clock.seconds();
  }
  // The monotonic clock, for durations in the log; 0 where no log tells them.
  std::int64_t log_time_us() const { return tells_durations ? uring::monotonic_us() : 0; }

  // This thread has changed files in this loop iteration: the file cache applies it before the next
  // look-up.
  void note_change() {
    changes_files_ = true;
    refreshed_ = 0;
  }

  // A new temporary name, for a file that is created with O_EXCL.
  TemporaryName new_temporary_name() { return temporary_name(random_.next()); }

  // Says whether the file system of that device is the root's and lies in memory.
  bool is_in_memory(dev_t device) const { return memory_device == device; }

  // Recomputes where the fast path may be used, after a change of the logs or of a Site that tests
  // share.
  void update_policy();

  const Shared& shared;
  const bool tells_durations;  // the access log has a duration in each line
  uring::Loop& loop;
  uring::Scope connections;
  BlockPool blocks;
  FileCache files;
  std::optional<dev_t> memory_device;  // the root's, if its file system lies in memory
  bool links_files = false;            // this process may name a file that has no name
  LastDirectory last_directory;
  Clock clock;
  std::vector<std::unique_ptr<LiveSite>> endpoints;  // the current Site of each
  bool draining = false;
  std::uint64_t live = 0;        // connections, of which
  std::uint64_t refused = 0;     // so many are over a limit
  std::size_t listings = 0;      // directories that are being read
  std::size_t listing_runs = 0;  // the runs of all listings, see Listing

 private:
  Exchange& lend(Connection& c) {
    if (!idle_) make_exchange();
    Exchange& x = *std::exchange(idle_, idle_->next_idle);
    c.exchange = &x;
    x.out.block = blocks.lend();
    if (shared.access_log || shared.head_log) write_peer(c.peer, x.remote);
    return x;
  }
  void choose_site(const Connection& c, Exchange& x);
  void release_site(Exchange& x);
  void make_exchange();
  void refresh_files();
  bool is_too_many(const sockaddr_storage& peer, AddressCounts::Slot& counted) const;

  Exchange* idle_ = nullptr;     // lent to no connection, by Exchange::next_idle
  std::uint64_t refreshed_ = 0;  // the loop iteration in which `files` was refreshed last
  bool watches_files_ = false;   // the engine reports when there is something to refresh
  bool changes_files_ = false;   // this thread itself has changed files
  std::uint64_t timed_ = 0;      // the loop iteration in which the clock was read last
  http1::SplitMix64 random_;     // for temporary names
};

// Draws a boundary for multipart/byteranges. False: the system has no random bytes.
bool draw_boundary(Boundary& boundary);

}  // namespace server
