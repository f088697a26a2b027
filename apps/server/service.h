// Service: what all connections of one thread share, and the memory they borrow.
//
// One for each worker thread, on its own loop; nothing in it is shared with another thread but the
// logs and the read-only configuration. Tests make one on a simulated engine.
// Covered by tests/server/connection_test.cc.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "apps/server/access_log.h"
#include "apps/server/address_counts.h"
#include "apps/server/block_pool.h"
#include "apps/server/claims.h"
#include "apps/server/clock.h"
#include "apps/server/config/config.h"
#include "apps/server/connection.h"
#include "apps/server/file_cache.h"
#include "apps/server/last_directory.h"
#include "apps/server/mime.h"
#include "uring/loop.h"
#include "uring/scope.h"

namespace server {

// What all workers share; read-only but for the claims and the logs, which lock, and the counts.
struct Shared {
  const Config& config;
  const Mime& mime;
  Claims& claims;
  int root = -1;                          // the served directory; every path is opened beneath it
  AccessLog* access_log = nullptr;        // null: off
  AccessLog* head_log = nullptr;          // null: off
  AddressCounts* addresses = nullptr;     // null: no address is counted
  std::uint64_t most_connections = 1024;  // of one worker
};

struct Service {
  Service(const Shared& from, uring::Loop& on);
  ~Service();

  // Starts serving an accepted socket; over a limit it is told so, or closed at once.
  void take(int socket);

  // Connections end after the request they are in; idle ones end now.
  void drain();

  // The exchange of `c`, lent now if it has none.
  Exchange& borrow(Connection& c) { return c.exchange ? *c.exchange : lend(c); }
  void give_back(Connection& c) {
    Exchange& x = *c.exchange;
    assert(x.input.buffer == uring::no_buffer && x.file < 0 && !x.cached && x.answered.empty());
    assert(x.plan.status == 0 && x.head.size() == 0);
    blocks.release(x.block);
    x.gathered = 0;
    x.queued = x.sent = 0;
    x.next_idle = idle_;
    idle_ = std::exchange(c.exchange, nullptr);
  }
  // Destroys `c`, which is closed.
  void forget(Connection& c);

  // Gives a provided buffer back; the input is empty afterwards.
  void release_input(Exchange& x) {
    if (x.input.buffer != uring::no_buffer) loop.engine().recycle(x.input.buffer);
    x.input = Input{};
  }
  // Moves what is not yet used into the exchange's own memory, to its front.
  void own_input(Exchange& x);
  // The same with the current head before it: a request that will outlive the next receive.
  void own_request(Exchange& x);
  // Keeps bytes of a following request that were received with a body, of which nothing is left in
  // the input. They lie behind all that a head may need of the own memory, which has room there for
  // most_tail_bytes.
  void keep_tail(Exchange& x, std::string_view tail);
  // Adds received bytes behind what is there.
  void add_input(Exchange& x, uring::Result got) {
    if (got.buffer == uring::no_buffer || !x.input.unused().empty()) return join_input(x, got);
    if (x.input.buffer != uring::no_buffer) loop.engine().recycle(x.input.buffer);
    char* const bytes = loop.engine().buffer(got.buffer).data();
    x.input = {.data = bytes, .begin = 0, .end = got.count(), .buffer = got.buffer};
  }

  // Writes the request's and the response's head to the head log, if there is one.
  void log_heads(const Connection& c, std::string_view response);
  // Writes the log lines of all answers that are out, or of all if `aborted`.
  void log_answered(Connection& c, bool aborted);

  // What paths lead to, for requests that have arrived: all changes up to now are taken in.
  FileCache& fresh_files() {
    if (std::exchange(refreshed_, loop.iterations()) != loop.iterations()) refresh_files();
    return files;
  }
  // The wall clock in this turn of the loop, in Unix seconds; Clock::date() goes with it.
  std::int64_t now() {
    if (timed_ != loop.iterations()) clock.now();
    timed_ = loop.iterations();
    return clock.seconds();
  }
  // Notes that a request begins now: its first byte is there.
  void begin_request(Exchange& x) const {
    x.began_us = microseconds();
    x.began_ms = loop.now();
  }
  // For durations in the log; 0 where nothing tells them.
  std::int64_t microseconds() const { return tells_durations ? Clock::microseconds() : 0; }

  // Something was changed in this very turn of the loop.
  void note_change() {
    changes_files_ = true;
    refreshed_ = 0;
  }

  // A new temporary name, NUL-terminated: temporary_prefix, 16 hexadecimal digits, ".tmp".
  using TemporaryName = std::array<char, 32>;
  TemporaryName temporary_name();

  // Says whether what lies on that device lies in memory: the root's file system, if it is such.
  bool is_in_memory(dev_t device) const { return memory_device == device; }

  const Shared& shared;
  const Config& config;
  const bool tells_durations;  // the access log does
  uring::Loop& loop;
  uring::Scope connections;
  BlockPool blocks;
  FileCache files;
  std::optional<dev_t> memory_device;  // the root's, if its file system lies in memory
  bool links_files = false;            // this process may name a file that has no name
  LastDirectory last_directory;
  Clock clock;
  bool draining = false;
  std::uint64_t live = 0;        // connections, with
  std::uint64_t refused = 0;     // those that are only told that they are too many
  std::size_t listings = 0;      // directories that are being read
  std::size_t listing_runs = 0;  // what Listing counts

 private:
  Exchange& lend(Connection& c) {
    if (!idle_) make_exchange();
    c.exchange = std::exchange(idle_, idle_->next_idle);
    c.exchange->block = blocks.lend();
    if (shared.access_log || shared.head_log) describe(c);
    return *c.exchange;
  }
  void make_exchange();
  void describe(Connection& c);
  void refresh_files();
  void own_memory(Exchange& x);
  void join_input(Exchange& x, uring::Result got);
  bool is_too_many(const sockaddr_storage& peer, AddressCounts::Slot& counted) const;

  Exchange* idle_ = nullptr;     // lent to nobody, by Exchange::next_idle
  std::uint64_t refreshed_ = 0;  // the turn in which `files` was refreshed last
  bool watches_files_ = false;   // the engine tells when there is something to refresh
  bool changes_files_ = false;   // this thread itself changed some
  std::uint64_t timed_ = 0;      // and the clock read
  std::uint64_t random_;
};

// Draws a boundary for multipart/byteranges. False: the system has no random bytes.
bool draw_boundary(Boundary& boundary);

}  // namespace server
