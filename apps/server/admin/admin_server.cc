// The loop of the admin thread: read iterate() first. Covered by
// tests/server/admin/admin_server_test.cc and tests/end_to_end/admin_test.cc.
#include "apps/server/admin/admin_server.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "apps/server/admin/collect.h"
#include "parser/parse.h"
#include "uring/event.h"
#include "uring/result.h"

namespace server {

namespace {

// How often the workers are asked without a request, so that a worker that hangs is known to do so
// at the next request.
constexpr std::int64_t tick_us = 1'000'000;
// The time that workers have to publish their counters for a response.
constexpr std::int64_t refresh_us = 50'000;
// A snapshot is used for all responses within this time, so that workers are woken less often.
constexpr std::int64_t freshness_us = 20'000;
// A worker that has been silent for longer is not waited for.
constexpr std::int64_t awaited_silence_us = 500'000;
// The pause after an accept that has failed, so that a lack of descriptors or memory does not let
// the thread turn without a rest.
constexpr std::int64_t accept_pause_us = 100'000;
// The time for responses to clients that have connected before retire().
constexpr std::int64_t farewell_us = 1'000'000;
// The bounds of a lingering close.
constexpr std::int64_t linger_us = 1'000'000;
constexpr std::size_t most_lingered = 65536;

std::int64_t unix_seconds() { return static_cast<std::int64_t>(::time(nullptr)); }

}  // namespace

AdminServer::AdminServer(AdminSources sources)
    : sources_(std::move(sources)),
      start_seconds_(unix_seconds()),
      event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      clients_(std::make_unique<std::array<Client, most_connections>>()),
      snapshot_(std::make_unique<Snapshot>()) {}

options::ExitReason AdminServer::start(int listener) {
  if (!event_.valid()) {
    return {EX_OSERR, std::string("no event descriptor: ") + uring::error_text(errno)};
  }
  listener_ = listener;
  ::fcntl(listener, F_SETFL, ::fcntl(listener, F_GETFL) | O_NONBLOCK);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return {EX_OSERR, "cannot start a thread: " + uring::error_text(error.code().value())};
  }
  return {};
}

void AdminServer::begin_accepting() {
  accepts_.store(true);
  uring::signal_event(event_.get());
}

void AdminServer::retire() {
  is_retired_.store(true);
  uring::signal_event(event_.get());
}

void AdminServer::stop() {
  if (!thread_.joinable()) return;
  retire();
  thread_.join();
}

// --- Snapshots ---

// Lets the workers publish their counters, and waits for those that do so soon.
void AdminServer::refresh() {
  const std::int64_t begin_us = uring::monotonic_us();
  if (sources_.facts().readiness.is_starting) return;  // the workers do not serve yet
  watch_.ask(begin_us);
  for (std::int64_t now_us = begin_us; now_us - begin_us < refresh_us;
       now_us = uring::monotonic_us()) {
    uring::take_event(sources_.published);
    if (watch_.has_answers(now_us, awaited_silence_us)) return;
    pollfd ready{.fd = sources_.published, .events = POLLIN, .revents = 0};
    const std::int64_t left_us = refresh_us - (now_us - begin_us);
    ::poll(&ready, 1, static_cast<int>(left_us / 1000 + 1));
  }
}

// The facts of the process are new in each response, so that readiness ends at once.
const Snapshot& AdminServer::take_snapshot() {
  if (uring::monotonic_us() - refreshed_us_ >= freshness_us) count();
  snapshot_->process = sources_.facts();
  return *snapshot_;
}

void AdminServer::count() {
  refresh();
  Snapshot& snapshot = *snapshot_;
  const std::int64_t now_us = uring::monotonic_us();
  snapshot.now_seconds = unix_seconds();
  snapshot.start_seconds = start_seconds_;
  snapshot.sums = sum_of(sources_.workers);
  snapshot.kernel = kernel_.read();
  snapshot.workers.resize(sources_.workers.size());
  for (std::size_t i = 0; i < snapshot.workers.size(); ++i) {
    snapshot.workers[i] = {.connections = sources_.workers[i]->connections.read(),
                           .silent_us = watch_.silence_us(i, now_us)};
  }
  refreshed_us_ = now_us;
}

// --- One connection ---

void AdminServer::receive(Client& client) {
  const std::size_t space = client.bytes.size() - client.filled;
  const ssize_t count = ::recv(client.fd, client.bytes.data() + client.filled, space, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return release(client);
  client.filled += static_cast<std::size_t>(count);
  const std::string_view bytes(client.bytes.data(), client.filled);
  const http1::Progress progress = http1::parse_request(bytes, client.head, admin_limits);
  if (progress == http1::Progress::more) return;
  const Snapshot& snapshot = take_snapshot();
  client.response = progress == http1::Progress::done
                        ? answer_admin(client.head, snapshot)
                        : refuse_admin(client.head.failure().error, snapshot);
  client.state = State::sending;
  client.deadline_us = deadline_after(limit_ms * 1000);
  send(client);
}

void AdminServer::send(Client& client) {
  const std::string_view rest = std::string_view(client.response).substr(client.sent);
  const ssize_t count = ::send(client.fd, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return release(client);
  client.sent += static_cast<std::size_t>(count);
  if (client.sent < client.response.size()) return;
  ::shutdown(client.fd, SHUT_WR);
  client.state = State::closing;
  client.deadline_us = deadline_after(linger_us);
  client.sent = 0;
}

// Drops what the client still sends, so that it can read the response before a reset (RFC 9112
// section 9.6). Client::sent counts the dropped bytes.
void AdminServer::drop(Client& client) {
  const ssize_t count = ::recv(client.fd, client.bytes.data(), client.bytes.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  client.sent += count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count <= 0 || client.sent > most_lingered) release(client);
}

void AdminServer::handle(Client& client) {
  switch (client.state) {
    case State::receiving: receive(client); break;
    case State::sending: send(client); break;
    case State::closing: drop(client); break;
    case State::free: break;
  }
}

void AdminServer::release(Client& client) {
  spares_.release(client.fd);
  client.state = State::free;
  client.fd = -1;
  client.response = {};
  accept_resumes_us_ = 0;
}

// --- The thread ---

AdminServer::Client* AdminServer::free_client() {
  const auto found = std::find_if(clients_->begin(), clients_->end(),
                                  [](const Client& client) { return client.state == State::free; });
  return found == clients_->end() ? nullptr : &*found;
}

void AdminServer::accept_clients() {
  while (Client* const client = free_client()) {
    const int fd = spares_.accept(listener_);
    if (fd < 0) {
      const bool has_none = errno == EAGAIN || errno == ECONNABORTED;
      if (!has_none) accept_resumes_us_ = uring::monotonic_us() + accept_pause_us;
      return;
    }
    client->state = State::receiving;
    client->fd = fd;
    client->deadline_us = deadline_after(limit_ms * 1000);
    client->filled = client->sent = 0;
    client->head.reset();
  }
}

// The time until the next deadline, attempt to accept or question to the workers, rounded up.
int AdminServer::next_timeout_ms(std::int64_t now_us) const {
  std::int64_t next_us = ticked_us_ + tick_us;
  if (accept_resumes_us_ != 0) next_us = std::min(next_us, accept_resumes_us_);
  for (const Client& client : *clients_) {
    if (client.state != State::free) next_us = std::min(next_us, client.deadline_us);
  }
  return static_cast<int>(std::max<std::int64_t>(0, next_us - now_us) / 1000 + 1);
}

bool AdminServer::may_accept() {
  if (!accepts_.load() || is_retired_.load()) return false;
  if (uring::monotonic_us() < accept_resumes_us_) return false;
  accept_resumes_us_ = 0;
  return free_client();
}

// Once the listener is left to another process, the limits of connected clients are short.
void AdminServer::begin_farewell() {
  end_us_ = uring::monotonic_us() + farewell_us;
  for (Client& client : *clients_) client.deadline_us = std::min(client.deadline_us, end_us_);
}

std::int64_t AdminServer::deadline_after(std::int64_t duration_us) const {
  return std::min(uring::monotonic_us() + duration_us, end_us_);
}

// Waits until a client, a deadline or the next question to the workers has to be handled.
void AdminServer::iterate() {
  std::array<pollfd, most_connections + 2> ready;
  for (std::size_t i = 0; i < most_connections; ++i) {
    const Client& client = (*clients_)[i];
    const short events = client.state == State::sending ? POLLOUT : POLLIN;
    ready[i] = {.fd = client.fd, .events = events, .revents = 0};
  }
  pollfd& accepting = ready[most_connections];
  accepting = {.fd = may_accept() ? listener_ : -1, .events = POLLIN, .revents = 0};
  ready[most_connections + 1] = {.fd = event_.get(), .events = POLLIN, .revents = 0};
  ::poll(ready.data(), ready.size(), next_timeout_ms(uring::monotonic_us()));
  uring::take_event(event_.get());
  for (std::size_t i = 0; i < most_connections; ++i) {
    Client& client = (*clients_)[i];
    if (ready[i].fd >= 0 && ready[i].revents != 0) handle(client);
    const bool is_late = client.state != State::free && uring::monotonic_us() >= client.deadline_us;
    if (is_late) release(client);
  }
  if (accepting.revents != 0) accept_clients();
  const std::int64_t now_us = uring::monotonic_us();
  if (now_us - ticked_us_ < tick_us) return;
  ticked_us_ = now_us;
  spares_.refill();
  if (!sources_.facts().readiness.is_starting) watch_.ask(now_us);
}

bool AdminServer::has_clients() const {
  return std::any_of(clients_->begin(), clients_->end(),
                     [](const Client& client) { return client.state != State::free; });
}

// Without memory for a response, all connections end, which frees some.
void AdminServer::run() {
  bool is_leaving = false;
  while (!is_retired_.load() || has_clients()) {
    try {
      if (is_retired_.load() && !std::exchange(is_leaving, true)) begin_farewell();
      iterate();
    } catch (const std::bad_alloc&) {
      for (Client& client : *clients_) {
        if (client.state != State::free) release(client);
      }
    }
  }
}

}  // namespace server
