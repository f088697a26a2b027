// Admission of connections, replacement of Sites, and the start and end of a worker's state.
// Covered by tests/server/connection/worker_state_test.cc and tests/server/serve_test.cc.
#include "apps/server/connection/worker_state.h"

#include <cassert>
#include <new>
#include <sys/random.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/files/file_system.h"
#include "apps/server/listen/peer_address.h"
#include "parser/hex.h"

namespace server {

namespace {

// The number of clients over a limit that a worker sends a 503 at once: a person needs to see the
// reason, and many people may share an address. Further connections are closed without a response,
// so that a flood costs no more than these.
constexpr std::uint64_t most_refused = 64;

// Random, or the time if the system has no random bytes: a name that exists is detected by O_EXCL,
// and another one is tried.
std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  const bool is_drawn = ::getrandom(&seed, sizeof seed, 0) == sizeof seed;
  return is_drawn ? seed : static_cast<std::uint64_t>(uring::monotonic_ns());
}

}  // namespace

WorkerState::WorkerState(const Shared& from, uring::Loop& on)
    : shared(from),
      logs_durations(from.access_log && from.access_log->has_durations()),
      loop(on),
      connections(on),
      files(from.root, {.bytes = from.cache_bytes}),
      last_directory(on.engine()),
      random_(random_seed()) {
  struct stat status {};
  links_files = may_link_files(from.root);
  const bool is_known = describe_file(from.root, status);
  if (is_known && server::is_in_memory(from.root)) memory_device = status.st_dev;
  for (const Endpoint& endpoint : from.endpoints) {
    endpoints.push_back(std::make_unique<LiveSite>(LiveSite{.site = endpoint.site}));
  }
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
  if (!shared.addresses) return true;
  const std::optional<std::uint64_t> address = counted_address(peer);
  return !address || shared.addresses->enter(*address, counted);
}

// The connections of a trusted proxy are counted for the clients that it announces, not for its own
// address. Refused connections do not count.
Connection* WorkerState::admit(int socket, std::uint8_t endpoint) {
  const bool wants_peer = shared.access_log || shared.head_log || shared.addresses || shared.trust;
  const Peer peer = wants_peer ? peer_of(address_of_peer(socket)) : Peer{};
  const bool is_trusted = shared.trust && shared.trust->contains(peer);
  AddressCounts::Slot counted = AddressCounts::uncounted;
  const bool is_full = live - refused >= shared.most_connections;
  const bool is_refused = is_full || (!is_trusted && !count_address(peer, counted));
  if (is_refused && refused >= most_refused) {
    loop.engine().close(socket);
    return nullptr;
  }
  auto* c = new (loop.frames().allocate(sizeof(Connection))) Connection(*this, connections, socket);
  c->refused = is_refused;
  c->counted = counted;
  c->peer = peer;
  c->endpoint = endpoint;
  c->is_trusted = is_trusted;
  c->awaits_proxy_header = is_trusted && shared.proxy_protocol;
  ++live;
  refused += is_refused ? 1 : 0;
  return c;
}

void WorkerState::take_client(Connection& c, const Peer& client) {
  release_client(c);
  if (shared.access_log || shared.head_log) write_peer(client, c.exchange->remote);
  if (c.refused || client == c.peer || count_address(client, c.counted)) return;
  c.refused = true;
  ++refused;
}

void WorkerState::release_client(Connection& c) {
  if (shared.addresses) {
    shared.addresses->leave(std::exchange(c.counted, AddressCounts::uncounted));
  }
}

void WorkerState::destroy(Connection& c) {
  if (--live == 0) last_directory.close();
  refused -= c.refused ? 1 : 0;
  if (shared.addresses) shared.addresses->leave(c.counted);
  c.~Connection();
  uring::FramePool::release(&c);
}

void WorkerState::drain() {
  draining = true;
  update_policy();
  connections.end_idle();  // not stop(), so that a request that was just received gets its response
}

// --- Sites ---

// While the worker drains, each response has to say that it closes the connection, which the cached
// heads of the fast path do not.
void WorkerState::update_policy() {
  for (const std::unique_ptr<LiveSite>& live_site : endpoints) {
    live_site->answers_from_cache =
        live_site->site->answers_from_cache && !draining && !shared.head_log;
  }
}

void WorkerState::choose_site(const Connection& c, Exchange& x) {
  release_site(x);
  LiveSite* const live_site = endpoints[c.endpoint].get();
  ++live_site->exchanges;
  x.live_site = live_site;
  x.site = live_site->site.get();
}

void WorkerState::release_site(Exchange& x) {
  LiveSite* const live_site = std::exchange(x.live_site, nullptr);
  if (live_site && --live_site->exchanges == 0 && !live_site->is_current) delete live_site;
}

void WorkerState::replace_site(std::size_t endpoint, std::shared_ptr<const Site> site) {
  std::unique_ptr<LiveSite> old = std::exchange(
      endpoints[endpoint], std::make_unique<LiveSite>(LiveSite{.site = std::move(site)}));
  old->is_current = false;
  old->answers_from_cache = false;
  for (Exchange* x = idle_; x; x = x->next_idle) {
    if (x->live_site == old.get()) {
      --old->exchanges;
      x->live_site = nullptr;
    }
  }
  if (old->exchanges > 0) {
    [[maybe_unused]] const LiveSite* const kept = old.release();  // release_site() deletes it
  }
  files.invalidate_responses();
  update_policy();
}

// --- Files, memory ---

void WorkerState::refresh_files() {
  if (!watches_files_ && files.events() >= 0) {
    loop.engine().watch_readable(files.events());
    watches_files_ = true;
  }
  const bool has_changed = std::exchange(changes_files_, false);
  if (loop.engine().may_be_readable() || has_changed) files.refresh();
}

void WorkerState::make_exchange() {
  idle_ = new Exchange;
  idle_->out.unlogged.reserve(Output::most_unlogged);
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
