// Admission of connections, adoption of generations, and the start and end of a worker's state.
// Covered by tests/server/connection/worker_state_test.cc and tests/server/serve_test.cc.
#include "apps/server/connection/worker_state.h"

#include <cassert>
#include <malloc.h>
#include <new>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/connection/tls_connection.h"
#include "apps/server/files/file_system.h"
#include "apps/server/listen/peer_address.h"
#include "parser/hex.h"

namespace server {

namespace {

// Random, or the time if the system has no random bytes: a name that exists is detected by O_EXCL,
// and another one is tried.
std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  const bool is_drawn = ::getrandom(&seed, sizeof seed, 0) == sizeof seed;
  return is_drawn ? seed : static_cast<std::uint64_t>(uring::monotonic_ns());
}

}  // namespace

WorkerState::WorkerState(const Shared& from, uring::Loop& on, WorkerCounters* own_counters)
    : shared(from),
      counters(own_counters),
      loop(on),
      connections(on),
      files(from.root,
            {.bytes = from.generation->cache_bytes, .open_files = from.cache_open_files}),
      last_directory(on.engine()),
      request_ids(from.generation->gives_request_ids ? std::make_unique<RequestIds>() : nullptr),
      current_(std::make_unique<LiveGeneration>(from.generation)),
      random_(random_seed()) {
  examine_root();
  update_policy();
}

WorkerState::~WorkerState() {
  assert(live == 0 && blocks.lent() == 0);
  if (watches_files_) loop.engine().watch_readable(-1);
  while (idle_) delete std::exchange(idle_, idle_->next_idle);
}

// --- Admission ---

// Counts a connection of `peer` in `counted`. False: its address has reached its limit, and the
// connection is not counted. A peer without an address has no limit.
bool WorkerState::count_address(const Peer& peer, AddressCounts::Slot& counted) const {
  const std::uint64_t most = generation().most_from_address;
  if (most == 0) return true;
  const std::optional<std::uint64_t> address = counted_address(peer);
  return !address || generation().addresses->enter(*address, most, counted);
}

// Counts one more connection of `peer`, also in `counted`, unless it exceeds a limit. The
// connections of a trusted proxy are counted for the clients that it announces, not for its own
// address. Refused connections do not count.
WorkerState::Admission WorkerState::judge(const Peer& peer, bool is_trusted,
                                          AddressCounts::Slot& counted) const {
  if (shared.admitted.fetch_add(1) >= generation().most_connections) {
    --shared.admitted;
    count_refusal(RefusalReason::connections);
    return Admission::refused;
  }
  if (is_trusted || count_address(peer, counted)) return Admission::admitted;
  --shared.admitted;
  count_refusal(RefusalReason::address);
  return refused < shared.most_refused ? Admission::refused : Admission::refused_at_once;
}

namespace {

// Responds to a client that gets no connection, because its address has too many. A plain call,
// which does not wait. A flood of one address then costs little.
void send_refusal(int socket) {
  constexpr std::string_view refusal =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
      "Connection: close\r\n\r\n";
  [[maybe_unused]] const ssize_t sent =
      ::send(socket, refusal.data(), refusal.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

// Memory for a connection; null if memory is exhausted.
void* WorkerState::allocate_connection(bool speaks_tls) {
  try {
    return loop.frames().allocate(speaks_tls ? sizeof(TlsConnection) : sizeof(Connection));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

Connection* WorkerState::admit(int socket, bool speaks_tls) {
  if (counters) counters->accepted.add();
  const bool needs_peer = generation().needs_peers();
  const Peer peer = needs_peer ? peer_of(address_of_peer(socket)) : Peer{};
  const bool is_trusted = needs_peer && generation().trust.contains(peer);
  AddressCounts::Slot counted = AddressCounts::uncounted;
  const Admission admission = judge(peer, is_trusted, counted);
  const bool is_refused = admission != Admission::admitted;
  void* const memory =
      admission == Admission::refused_at_once ? nullptr : allocate_connection(speaks_tls);
  if (!memory) {
    if (is_refused && !speaks_tls) {
      send_refusal(socket);
    } else if (!is_refused) {
      --shared.admitted;
      if (generation().addresses) generation().addresses->leave(counted);
    }
    loop.engine().close(socket);
    return nullptr;
  }
  Connection* const c = speaks_tls ? new (memory) TlsConnection(*this, connections, socket)
                                   : new (memory) Connection(*this, connections, socket);
  c->is_tls = speaks_tls;
  c->refused = c->avoids_cache = is_refused;
  c->counted = counted;
  c->peer = peer;
  c->generation = adoptions_;
  c->knows_peer = needs_peer;
  c->is_trusted = is_trusted;
  c->awaits_proxy_header = is_trusted && generation().proxy_protocol;
  c->was_reprieved = draining;  // its first wait is short already
  c->sends_singly = is_trusted || generation().has_own_texts();
  ++live;
  live_tls += speaks_tls ? 1 : 0;
  refused += is_refused ? 1 : 0;
  return c;
}

void WorkerState::take_client(Connection& c, const Peer& client) {
  release_client(c);
  if (c.exchange->live->generation->logs_peers()) write_peer(client, c.exchange->remote);
  if (c.refused || client == c.peer || count_address(client, c.counted)) return;
  count_refusal(RefusalReason::address);
  c.refused = c.avoids_cache = true;
  ++refused;
  --shared.admitted;
}

void WorkerState::release_client(Connection& c) {
  if (generation().addresses) {
    generation().addresses->leave(std::exchange(c.counted, AddressCounts::uncounted));
  }
}

void WorkerState::destroy(Connection& c) {
  if (--live == 0) last_directory.close();
  if (c.refused)
    --refused;
  else
    --shared.admitted;
  if (generation().addresses) generation().addresses->leave(c.counted);
  if (request_ids) request_ids->drop(c);
  if (c.is_tls) {
    --live_tls;
    static_cast<TlsConnection&>(c).~TlsConnection();
  } else {
    c.~Connection();
  }
  uring::FramePool::release(&c);
}

void WorkerState::drain() {
  draining = true;
  update_policy();
  connections.end_idle();  // not stop(), so that a request that was just received gets its response
}

// --- Generations ---

// While the worker drains, each response has to say that it closes the connection, which the cached
// heads of the fast path do not; nor do they have an id for each request.
void WorkerState::update_policy() {
  measures_durations_ = counters || generation().logs_durations;
  unmeasured_ = measures_durations_ ? static_cast<const void*>(this) : current_.get();
  current_->records_responses = counters || generation().logs_requests;
  current_->answers_from_cache = site().answers_from_cache && !draining && !root_is_missing &&
                                 !generation().logs_heads && !generation().gives_request_ids;
}

void WorkerState::write_addresses(const Connection& c, Exchange& x) const {
  write_peer(c.peer, x.remote);
  // The address of a proxy is not kept once it has announced the client.
  if (generation().log_format->has_peer()) write_peer(peer_of(address_of_peer(c.fd)), x.peer);
}

// A connection that is not trusted any more stays uncounted until it ends, as those do that were
// accepted before addresses were counted.
void WorkerState::renew(Connection& c) {
  c.generation = adoptions_;
  c.is_trusted = false;
  if (generation().needs_peers()) {
    if (!c.knows_peer) c.peer = peer_of(address_of_peer(c.fd));
    c.knows_peer = true;
    c.is_trusted = generation().trust.contains(c.peer);
  }
  c.sends_singly = c.is_trusted || generation().has_own_texts();
}

void WorkerState::begin_specially(Connection& c, Exchange& x) {
  if (measures_durations_) x.request.began_us = iteration_time_us();
  if (x.live != current_.get()) choose_generation(c, x);
}

// Log lines of earlier requests of the exchange may not be written yet. They refer to
// Exchange::remote, which therefore is written only if they have none, and to Exchange::peer, which
// is the same for all of them.
void WorkerState::choose_generation(Connection& c, Exchange& x) {
  const Generation* const before = x.live ? x.live->generation.get() : nullptr;
  if (before && before->log_format != generation().log_format) {
    for (UnloggedResponse& response : x.out.unlogged) response.fields = 0;  // of another format
    x.out.logged_fields.clear();
  }
  const bool lacks_remote = before && !before->logs_peers();  // else lend() has written it
  if (c.generation != adoptions_) renew(c);
  if (before && generation().logs_peers()) {
    const PeerText remote = x.remote;
    write_addresses(c, x);
    if (!lacks_remote) x.remote = remote;
  }
  release_generation(x);
  ++current_->exchanges;
  x.live = current_.get();
  x.site = &site();
}

void WorkerState::release_generation(Exchange& x) {
  LiveGeneration* const live_generation = std::exchange(x.live, nullptr);
  if (!live_generation || --live_generation->exchanges > 0) return;
  if (!live_generation->is_current) delete live_generation;
}

void WorkerState::adopt(std::unique_ptr<LiveGeneration> next) {
  std::unique_ptr<LiveGeneration> old = std::exchange(current_, std::move(next));
  ++adoptions_;
  old->is_current = false;
  old->answers_from_cache = false;
  for (Exchange* x = idle_; x; x = x->next_idle) {
    if (x->live == old.get()) {
      --old->exchanges;
      x->live = nullptr;
    }
  }
  if (!request_ids) request_ids = std::move(current_->request_ids);
  const Generation& before = *old->generation;
  if (before.cache_bytes != generation().cache_bytes) files.set_bytes(generation().cache_bytes);
  if (before.mime != generation().mime) files.invalidate_all();
  files.invalidate_responses();
  update_policy();
  if (old->exchanges > 0) {
    [[maybe_unused]] const LiveGeneration* const kept = old.release();  // see release_generation()
  }
}

// --- Durations ---

// Read once in a loop iteration, which costs less than a reading for each request. The bytes that
// an iteration handles have arrived before it.
std::int64_t WorkerState::iteration_time_us() {
  if (std::exchange(measured_, loop.iterations()) != loop.iterations()) {
    measured_us_ = uring::monotonic_us();
  }
  return measured_us_;
}

std::int64_t WorkerState::end_time_us(std::int64_t began_us) {
  if (!measures_durations_) return 0;
  const std::int64_t now_us = iteration_time_us();
  return now_us == began_us ? uring::monotonic_us() : now_us;
}

// --- Files, memory ---

void WorkerState::examine_root() {
  struct stat status {};
  links_files = may_link_files(shared.root);
  const bool is_known = describe_file(shared.root, status);
  const bool is_memory = is_known && server::is_in_memory(shared.root);
  memory_device = is_memory ? std::optional<dev_t>(status.st_dev) : std::nullopt;
  root_is_missing = shared.served_root && shared.served_root->is_missing();
}

void WorkerState::change_root() {
  last_directory.close();
  files.change_root();
  examine_root();
  update_policy();
}

// A change that was made while this thread stood still is to be found as soon as any other.
void WorkerState::set_file_time() { files.set_time(loop.now() + loop.engine().stood_still()); }

// Only while something is watched: without watches, no event is reported.
void WorkerState::refresh_without_request() {
  if (files.events() >= 0) fresh_files();
}

void WorkerState::refresh_files() {
  set_file_time();
  if (!watches_files_ && files.events() >= 0) {
    loop.engine().watch_readable(files.events());
    watches_files_ = true;
  }
  const bool has_changed = std::exchange(changes_files_, false);
  if (loop.engine().may_be_readable() || has_changed) files.refresh();
}

void WorkerState::make_exchange() {
  auto exchange = std::make_unique<Exchange>();
  exchange->out.unlogged.reserve(Output::most_unlogged);
  if (generation().logs_requests) {
    exchange->out.logged_fields.reserve(Output::most_unlogged *
                                        generation().log_format->fields().size());
  }
  idle_ = exchange.release();
}

std::size_t WorkerState::idle_exchanges() const {
  std::size_t count = 0;
  for (const Exchange* x = idle_; x; x = x->next_idle) ++count;
  return count;
}

// Exchanges are lent in the reverse order of their return, so the ones that are not needed stay at
// the end of the list. Request::began_ms is when an exchange was used last.
void WorkerState::tidy() {
  std::size_t freed = blocks.trim() + loop.engine().release_unused_buffers();
  for (Exchange** link = &idle_; *link;) {
    Exchange* const x = *link;
    if (loop.now() - x->request.began_ms < quiet_ms) {
      link = &x->next_idle;
      continue;
    }
    *link = x->next_idle;
    release_generation(*x);
    freed += sizeof(Exchange) + x->in.memory_bytes;
    delete x;
  }
  // glibc keeps freed memory at other places than the end of its heap.
  constexpr std::size_t worth_trimming = 1024 * 1024;
  if (freed >= worth_trimming) ::malloc_trim(0);
}

bool draw_boundary(Boundary& boundary) {
  std::array<unsigned char, boundary_bytes / 2> random{};
  const auto size = static_cast<ssize_t>(random.size());
  if (::getrandom(random.data(), random.size(), 0) != size) return false;
  char* end = boundary.data();
  for (const unsigned char byte : random) end = http1::write_hex_byte(end, byte);
  return true;
}

}  // namespace server
