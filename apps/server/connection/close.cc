// Lingering, and giving everything back. Covered by tests/server/connection/connection_test.cc and
// tests/end_to_end/.
#include "apps/server/connection/close.h"

#include <cstdint>

#include "apps/server/connection/input.h"
#include "apps/server/connection/request_log.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/worker_state.h"

namespace server {

namespace {

// How long and how much a lingering close drops: enough for a client to read its response.
constexpr std::int64_t linger_ms = 5000;
constexpr std::int64_t draining_linger_ms = 1000;  // while the server waits to stop
constexpr std::uint64_t most_lingered = 64 * 1024 * 1024;

// Sends our end and waits for the peer's, so that it can read the response before a reset. RFC 9112
// section 9.6.
uring::Task<> linger(Connection& c) {
  c.io.engine().finish_sending(c.fd);
  c.io.set_deadline(c.worker.draining ? draining_linger_ms : linger_ms);
  std::uint64_t dropped = 0;
  while (dropped < most_lingered) {
    const uring::Result got = co_await c.io.receive(c.fd);
    if (got.count() == 0) break;
    c.io.engine().recycle(got.buffer);
    dropped += got.count();
  }
}

}  // namespace

uring::Task<> close_connection(Connection& c) {
  if (c.exchange) {
    const bool sent = co_await flush_with(c, c.exchange->out.direct);
    close_source(c);
    if (sent && c.lingers) co_await linger(c);
    log_answered(c, true);
    release_input(c.exchange->in, c.io.engine());
    c.exchange->request.head.reset();  // one may have begun
    c.worker.give_back(c);
  }
  if (c.io.receives()) co_await c.io.end_receiving();
  c.io.engine().close(c.fd);
  c.worker.forget(c);
}

}  // namespace server
