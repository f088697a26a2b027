// The corridor that each request walks once: receive, parse, decide, act, respond, log. Read
// serve() first; the functions that it calls stand above it in the order of use. Covered by
// tests/server/connection/connection_test.cc and tests/end_to_end/.
#include "apps/server/serve.h"

#include <algorithm>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/close.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/receive.h"
#include "apps/server/connection/respond.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/read/from_cache.h"
#include "apps/server/read/get.h"
#include "apps/server/write/delete.h"
#include "apps/server/write/put.h"
#include "parser/parse.h"

namespace server {

using http1::Progress;

namespace {

// Parses the next head from the bytes that have arrived. Progress::more: it is not complete, or
// responses have to be sent first.
Progress next_head(Connection& c) {
  if (!c.exchange) return Progress::more;
  Exchange& x = *c.exchange;
  if (x.in.unused().empty()) return Progress::more;
  const bool is_full = x.out.answered.size() == Output::most_answered;
  if (is_full || x.out.pace.waits() || !x.out.direct.empty()) return Progress::more;  // send first
  const Progress progress = http1::parse_request(x.in.unused(), x.request.head, x.site->limits);
  if (progress == Progress::done) x.in.begin += x.request.head.size();
  return progress;
}

// True: no request has begun. Then the exchange goes back until the next byte arrives.
bool becomes_idle(Connection& c) {
  if (!c.exchange) return true;
  Exchange& x = *c.exchange;
  if (!x.in.unused().empty()) return false;
  release_input(x.in, c.io.engine());
  c.worker.give_back(c);
  return true;
}

// The time that the peer has left for the rest of a head.
uring::Milliseconds head_timeout(const Connection& c) {
  const Exchange& x = *c.exchange;
  const uring::Milliseconds spent = c.io.loop().now() - x.request.began_ms;
  return std::max<uring::Milliseconds>(0, x.site->timeouts.head_ms - spent);
}

// The time until its next request.
uring::Milliseconds idle_timeout(const Connection& c) {
  const Timeouts& timeouts = c.worker.site_of(c).timeouts;
  // A client over a limit gets less time than a client that may come back.
  if (c.refused) return std::min(timeouts.head_ms, timeouts.idle_ms);
  // A client that connects while the server drains has a moment to send its request.
  constexpr uring::Milliseconds moment_ms = 1000;
  return c.worker.draining ? std::min(moment_ms, timeouts.idle_ms) : timeouts.idle_ms;
}

// Begins to receive more bytes: into a provided buffer, or into memory of the exchange where those
// had run out.
uring::Io::Pending more_bytes(Connection& c) {
  const bool is_idle = becomes_idle(c);
  c.io.set_deadline(is_idle ? idle_timeout(c) : head_timeout(c));
  c.io.set_idle(is_idle);
  if (!c.starved) return c.io.receive(c.fd);
  c.starved = false;
  Exchange& x = c.worker.borrow(c);
  if (x.in.unused().empty()) c.worker.begin_request(c);
  own_input(x.in, c.io.engine(), x.site->limits);
  return c.io.recv(c.fd, {x.in.data + x.in.end, x.in.memory_bytes - x.in.end});
}

// The time for a head is over. RFC 9110 section 15.5.9: 408 where a request has begun.
void time_out(Connection& c) {
  c.open = false;
  if (!c.exchange || !c.io.timed_out() || c.io.stopped()) return;
  if (c.exchange->in.unused().empty()) return;
  c.io.renew();
  answer(c, 408);
  c.lingers = true;  // it may still be sending
}

// Adds received bytes to the input, or ends the connection where the peer has ended or failed.
void take_bytes(Connection& c, uring::Result got) {
  c.io.set_idle(false);
  if (!got.ok()) {
    c.starved = got.fault() == uring::Fault::no_buffers;
    if (!c.starved) time_out(c);
    return;
  }
  if (got.count() == 0) {
    c.open = false;
    return;
  }
  end_wait(c);
  Exchange& x = c.worker.borrow(c);
  if (x.in.unused().empty()) c.worker.begin_request(c);
  add_received(x.in, got, c.io.engine(), x.site->limits);
}

// A response is planned although no head is complete: 408.
bool has_plan(const Connection& c) { return c.exchange && c.exchange->plan.status != 0; }

// One request with a complete head: decide, act. Leaves a plan.
uring::Task<> handle(Connection& c) {
  Exchange& x = *c.exchange;
  Intent& intent = x.request.intent;
  c.io.clear_deadline();
  intent = c.refused ? Intent{.status = 503} : decide(x.request.head, *x.site, x.scratch.path);
  switch (intent.action) {
    case Action::read: co_await get(c); break;
    case Action::write: co_await put(c); break;
    case Action::remove: co_await delete_file(c); break;
    case Action::options: x.plan = plan_options(x.request.head, x.site->writable); break;
    case Action::refuse: answer(c, intent.status, intent.explanation); break;
  }
}

}  // namespace

uring::Task<> serve(Connection& c) {
  while (c.open) {
    const Progress progress = next_head(c);
    if (progress == Progress::more) {
      // All that has arrived is answered: the responses leave in one send.
      if (c.exchange && c.exchange->out.has_unsent()) {
        const uring::Result sent = co_await send_all(c);
        record_all_sent(c, sent);
        continue;
      }
      const uring::Result got = co_await more_bytes(c);
      take_bytes(c, got);
      if (!has_plan(c)) continue;
    } else if (progress == Progress::failed) {
      refuse_head(c);
    } else if (answer_from_cache(c)) {
      continue;
    } else {
      co_await handle(c);
    }
    co_await respond(c);
  }
  co_await close_connection(c);
}

}  // namespace server
