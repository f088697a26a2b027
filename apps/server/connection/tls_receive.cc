// Covered by tests/end_to_end/tls_test.cc.
#include "apps/server/connection/tls_receive.h"

#include <new>

#include "apps/server/connection/input.h"
#include "apps/server/connection/receive.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/tls_stream.h"
#include "apps/server/connection/waits.h"
#include "apps/server/connection/worker_state.h"

namespace server {

bool has_unsent_responses(const Connection& c) {
  if (!c.exchange) return false;
  const TlsStream& s = tls_of(c);
  return c.exchange->out.has_unsent() || (!s.unsent().empty() && !s.has_input());
}

void record_responses_sent(Connection& c, uring::Result sent) {
  const bool is_fine = record_encrypted_sent(c, sent);
  if (!is_fine || c.exchange->out.direct.empty()) close_source(c);
}

bool decrypt_head(Connection& c) {
  if (!tls_of(c).has_input()) return false;
  try {
    const bool begins = !c.exchange;  // else a request or a part of a record has begun
    Exchange& x = c.worker.borrow(c);
    if (begins) c.worker.begin_request(c);
    own_input(x.in, c.io.engine(), x.site->limits);
    const std::size_t count = decrypt(c, {x.in.data + x.in.end, x.in.memory_bytes - x.in.end});
    x.in.end += count;
    return count > 0 || !c.open || has_unsent_responses(c);
  } catch (const std::bad_alloc&) {
    c.open = false;
    return true;
  }
}

uring::Io::Pending receive_encrypted_head(Connection& c) {
  const bool has_part = c.exchange && !tls_of(c).session->is_empty();
  const bool is_idle = !has_part && becomes_idle(c);
  c.io.set_idle(is_idle);
  c.io.set_deadline(is_idle ? idle_timeout(c) : head_timeout(c));
  return receive_encrypted(c);
}

void take_encrypted_head(Connection& c, uring::Result got) {
  c.io.set_idle(false);
  const bool is_taken = take_encrypted(c, got);
  if (is_taken) return end_wait(c.io);
  if (tls_of(c).ended)
    c.open = false;
  else if (!c.starved)
    end_receive(c);
}

bool begin_goodbye(Connection& c) {
  if (tls_of(c).ended || c.io.stopped() || !write_close_notify(c)) return false;
  c.io.renew();
  c.io.set_deadline(draining_ms);
  return true;
}

}  // namespace server
