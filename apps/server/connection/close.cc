// The lingering close, and the return of all that a connection has borrowed. Covered by
// tests/server/connection/close_test.cc and tests/end_to_end/.
#include "apps/server/connection/close.h"

#include <array>
#include <cstdint>
#include <span>

#include "apps/server/connection/input.h"
#include "apps/server/connection/request_log.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/tls_stream.h"
#include "apps/server/connection/worker_state.h"

namespace server {

namespace {

// The bounds of a lingering close: enough time and bytes for a client to read its response.
constexpr uring::Milliseconds linger_ms = 5000;
constexpr uring::Milliseconds draining_linger_ms = 1000;  // while the server waits to stop
constexpr std::uint64_t most_lingered = 64 * 1024 * 1024;

// Prepares a receive of bytes that are dropped: into `own` where no provided buffer was left.
uring::Io::Pending receive_rest(uring::Io& io, int fd, bool is_starved, std::span<char> own) {
  return is_starved ? io.recv(fd, own) : io.receive(fd);
}

}  // namespace

uring::Task<> linger(uring::Io& io, int fd, uring::Milliseconds timeout_ms) {
  io.engine().finish_sending(fd);
  io.set_deadline(timeout_ms);
  std::uint64_t dropped = 0;
  std::array<char, 512> own;
  bool is_starved = false;
  while (dropped < most_lingered) {
    const uring::Result got = co_await receive_rest(io, fd, is_starved, own);
    is_starved = got.fault() == uring::Fault::no_buffers;
    if (is_starved) continue;
    if (got.count() == 0) break;
    if (got.buffer != uring::no_buffer) io.engine().recycle(got.buffer);
    dropped += got.count();
  }
  // A peer that does not even receive a short response in this time does not get it later.
  if (io.timed_out() && io.engine().unconfirmed_bytes(fd) > 0) io.engine().reset_on_close(fd);
}

// Of a connection that encrypts, close_notify is in the last send. The peer may have bytes on their
// way that no step of the session needs.
uring::Task<> send_rest(Connection& c) {
  if (c.is_tls) tls_of(c).closes = true;
  const bool sent = co_await flush_with(c, c.exchange->out.direct);
  close_source(c);
  const uring::Milliseconds timeout_ms = c.worker.draining ? draining_linger_ms : linger_ms;
  if (sent && c.lingers) co_await linger(c.io, c.fd, timeout_ms);
}

void end_exchange(Connection& c) {
  log_responses(*c.exchange, c.worker, true);
  release_input(c.exchange->in, c.io.engine());
  c.exchange->request.head.reset();  // of a request that has begun and will not be complete
  c.worker.give_back(c);
}

void end_connection(Connection& c) {
  if (c.is_tls) release_stream(c);
  c.io.engine().close(c.fd);
  c.worker.destroy(c);
}

}  // namespace server
