// The end of a wait. Covered by tests/server/serve_test.cc.
#include "apps/server/connection/waits.h"

#include "apps/server/connection/answer.h"

namespace server {

namespace {

// Whether a connection whose wait has ended gets another second, because the server drains and the
// client, which has connected before, has sent nothing yet. Once for each connection.
bool gets_reprieve(Connection& c) {
  const bool has_begun = c.requests > 0 || (c.exchange && !c.exchange->in.unused().empty());
  if (!c.worker.draining || has_begun || c.was_reprieved || c.io.stopped()) return false;
  c.was_reprieved = true;
  return true;
}

}  // namespace

void end_receive(Connection& c) {
  if (c.io.timed_out() && gets_reprieve(c)) {
    c.io.renew();
    return;
  }
  c.open = false;
  if (!c.io.timed_out() || c.io.stopped()) return;
  const bool is_idle = !c.exchange || c.exchange->in.unused().empty();
  c.worker.count_timeout(c.awaits_proxy_header ? TimeoutKind::proxy_header
                         : is_idle             ? TimeoutKind::idle
                                               : TimeoutKind::head);
  if (c.awaits_proxy_header) return;
  if (is_idle) {
    // The kernel may still have bytes of the last response for a peer that does not read them.
    c.io.engine().limit_stalls(c.fd, c.worker.site().timeouts.body_ms);
    return;
  }
  c.io.renew();
  answer(c, 408);
  c.lingers = true;  // the client may still be sending
}

}  // namespace server
