// Lending and taking back. Covered by tests/server/connection_test.cc.
#include "apps/server/service.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cassert>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <new>
#include <string>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/body.h"
#include "apps/server/file_system.h"
#include "apps/server/head_log.h"
#include "uring/buffer_pool.h"

namespace server {

namespace {

// Beyond a limit a worker still answers this many clients with 503, for whoever looks at them wants
// to know why, and an address may have many people behind it; more are closed unheard, so that a
// flood costs no more than these.
constexpr std::uint64_t most_refused = 64;

// Who is at the other end of `socket`; a unix socket's family where nobody can say.
sockaddr_storage peer_of(int socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    peer.ss_family = AF_UNIX;
  }
  return peer;
}

// An IPv4 client of a socket for both families is shown as what it is.
Peer compact(const sockaddr_storage& storage) {
  Peer peer;
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    std::memcpy(peer.address.data(), &v4.sin_addr, 4);
    peer.family = Peer::Family::v4;
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    const unsigned char* const bytes = v6.sin6_addr.s6_addr;
    std::memcpy(peer.address.data(), is_mapped ? bytes + 12 : bytes, is_mapped ? 4 : 16);
    peer.family = is_mapped ? Peer::Family::v4 : Peer::Family::v6;
  }
  return peer;
}

// IPv4 by hand: this is done for each request.
void describe_peer(const Peer& peer, std::array<char, 48>& text) {
  if (peer.family == Peer::Family::local) {
    std::strcpy(text.data(), "unix");
  } else if (peer.family == Peer::Family::v6) {
    ::inet_ntop(AF_INET6, peer.address.data(), text.data(), socklen_t{48});
  } else {
    char* at = text.data();
    for (std::size_t i = 0; i < 4; ++i) {
      at = std::to_chars(at, at + 3, peer.address[i]).ptr;
      *at++ = i < 3 ? '.' : '\0';
    }
  }
}

}  // namespace

Service::Service(const Shared& from, uring::Loop& on)
    : shared(from),
      config(from.config),
      tells_durations(from.access_log && from.config.log_format == LogFormat::json),
      loop(on),
      connections(on),
      files(from.root, {.bytes = from.config.cache_bytes}),
      last_directory(on.engine()) {
  struct stat status {};
  links_files = may_link_files(from.root);
  const bool is_known = describe_file(from.root, status);
  if (is_known && server::is_in_memory(from.root)) memory_device = status.st_dev;
  if (::getrandom(&random_, sizeof random_, 0) != sizeof random_) random_ = 0x9e3779b97f4a7c15;
}

Service::~Service() {
  assert(live == 0 && blocks.lent() == 0);
  if (watches_files_) loop.engine().watch_readable(-1);
  while (idle_) delete std::exchange(idle_, idle_->next_idle);
}

// Whether one more connection of `peer` is one too many. Those that are refused take nobody's
// place.
bool Service::is_too_many(const sockaddr_storage& peer, AddressCounts::Slot& counted) const {
  if (live - refused >= shared.most_connections) return true;
  if (!shared.addresses) return false;
  const std::optional<std::uint64_t> address = counted_address(peer);
  return address && !shared.addresses->enter(*address, counted);
}

void Service::take(int socket) {
  const bool wants_peer = shared.access_log || shared.head_log || shared.addresses;
  const sockaddr_storage peer = wants_peer ? peer_of(socket) : sockaddr_storage{};
  AddressCounts::Slot counted = AddressCounts::uncounted;
  const bool is_refused = is_too_many(peer, counted);
  if (is_refused && refused >= most_refused) {
    loop.engine().close(socket);
    return;
  }
  auto* c = new (loop.frames().allocate(sizeof(Connection))) Connection(*this, socket);
  c->refused = is_refused;
  c->counted = counted;
  c->peer = compact(peer);
  ++live;
  refused += is_refused ? 1 : 0;
  connections.spawn(serve(*c));
}

void Service::forget(Connection& c) {
  if (--live == 0) last_directory.forget();
  refused -= c.refused ? 1 : 0;
  if (shared.addresses) shared.addresses->leave(c.counted);
  c.~Connection();
  uring::FramePool::release(&c);
}

void Service::drain() {
  draining = true;
  connections.end_idle();  // not stop(): a request that has just been received is answered
}

void Service::refresh_files() {
  if (!watches_files_ && files.events() >= 0) {
    loop.engine().watch_readable(files.events());
    watches_files_ = true;
  }
  const bool has_changed = std::exchange(changes_files_, false);
  if (loop.engine().may_be_readable() || has_changed) files.refresh();
}

void Service::make_exchange() {
  idle_ = new Exchange;
  idle_->answered.reserve(Exchange::most_answered);
}

void Service::describe(Connection& c) { describe_peer(c.peer, c.exchange->remote); }

void Service::own_memory(Exchange& x) {
  if (x.own_memory) return;
  x.own_bytes = config.site.limits.head_bytes + most_tail_bytes + uring::BufferPool::buffer_bytes;
  x.own_memory.reset(new char[x.own_bytes]);
}

void Service::own_input(Exchange& x) {
  own_memory(x);
  const std::string_view unused = x.input.unused();
  if (!unused.empty()) std::memmove(x.own_memory.get(), unused.data(), unused.size());
  if (x.input.buffer != uring::no_buffer) loop.engine().recycle(x.input.buffer);
  x.input = {.data = x.own_memory.get(), .begin = 0, .end = unused.size()};
}

void Service::own_request(Exchange& x) {
  x.input.begin -= x.head.size();
  own_input(x);
  x.head.rebase(x.input.data);
  x.input.begin = x.head.size();
}

// As add_input(), where something is there already, or the bytes were received behind that.
void Service::join_input(Exchange& x, uring::Result got) {
  if (got.buffer == uring::no_buffer) {
    x.input.end += got.count();
    return;
  }
  own_input(x);
  // Fits: a head that is not done is shorter than head_bytes, and a buffer adds buffer_bytes.
  assert(x.input.end + got.count() <= x.own_bytes);
  const std::span<char> bytes = loop.engine().buffer(got.buffer);
  std::memcpy(x.input.data + x.input.end, bytes.data(), got.count());
  x.input.end += got.count();
  loop.engine().recycle(got.buffer);
}

void Service::keep_tail(Exchange& x, std::string_view tail) {
  if (tail.empty()) return;
  assert(x.input.unused().empty() && tail.size() <= most_tail_bytes);
  own_memory(x);
  release_input(x);
  char* const behind_head = x.own_memory.get() + config.site.limits.head_bytes;
  std::memcpy(behind_head, tail.data(), tail.size());
  x.input = {.data = behind_head, .begin = 0, .end = tail.size()};
}

void Service::log_heads(const Connection& c, std::string_view response) {
  if (!shared.head_log) return;
  std::string text;
  const http1::RequestHead& head = c.exchange->head;
  format_heads(c.exchange->remote.data(), head, response, text);
  shared.head_log->append_text(text);
}

void Service::log_answered(Connection& c, bool aborted) {
  Exchange& x = *c.exchange;
  std::size_t done = 0;
  if (x.answered.empty()) return;
  const std::int64_t now_us = microseconds();
  for (Answered& answered : x.answered) {
    const bool whole = answered.end <= x.sent;
    if (!whole && !aborted) break;
    ++done;
    if (!shared.access_log) continue;
    const std::uint64_t out = std::clamp(x.sent, answered.body_begin, answered.end);
    answered.record.bytes = out - answered.body_begin;
    answered.record.aborted = !whole;
    answered.record.duration_us = now_us - answered.began_us;
    shared.access_log->append(answered.record);
  }
  if (done == x.answered.size())
    x.answered.clear();
  else
    x.answered.erase(x.answered.begin(), x.answered.begin() + static_cast<std::ptrdiff_t>(done));
}

bool draw_boundary(Boundary& boundary) {
  std::array<unsigned char, boundary_bytes / 2> random{};
  const auto size = static_cast<ssize_t>(random.size());
  if (::getrandom(random.data(), random.size(), 0) != size) return false;
  for (std::size_t i = 0; i < random.size(); ++i) {
    boundary[2 * i] = "0123456789abcdef"[random[i] >> 4];
    boundary[2 * i + 1] = "0123456789abcdef"[random[i] & 15];
  }
  return true;
}

Service::TemporaryName Service::temporary_name() {
  // splitmix64: unpredictable enough, since O_EXCL decides.
  random_ += 0x9e3779b97f4a7c15;
  std::uint64_t bits = random_;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  bits ^= bits >> 31;
  TemporaryName name{};
  char* end = std::copy(temporary_prefix.begin(), temporary_prefix.end(), name.begin());
  for (int shift = 60; shift >= 0; shift -= 4) *end++ = "0123456789abcdef"[(bits >> shift) & 15];
  std::strcpy(end, ".tmp");
  return name;
}

}  // namespace server
