// The life of a connection. Read serve() first; what it calls stands above it in the order of use.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#include "apps/server/connection.h"

#include <algorithm>

#include "apps/server/at_once.h"
#include "apps/server/find.h"
#include "apps/server/respond.h"
#include "apps/server/service.h"
#include "apps/server/upload.h"
#include "parser/parse.h"

namespace server {

using http1::Progress;

// With the frame of serve() it is what an idle client costs: tests/server/allocation_test.cc.
static_assert(sizeof(Connection) <= 192);

Connection::Connection(Service& owner, int socket)
    : io(owner.connections), service(owner), fd(socket) {}

uring::FramePool& Connection::frames() { return io.loop().frames(); }

namespace {

// Parses the next head from what has arrived. `more` with nothing borrowed: the client is idle.
Progress next_head(Connection& c) {
  if (!c.exchange) return Progress::more;
  Exchange& x = *c.exchange;
  if (x.input.unused().empty()) return Progress::more;
  const bool is_full = x.answered.size() == Exchange::most_answered;
  if (is_full || x.pace.waits() || !x.direct.empty()) return Progress::more;  // flush first
  const Progress progress =
      http1::parse_request(x.input.unused(), x.head, c.service.config.site.limits);
  if (progress == Progress::done) x.input.begin += x.head.size();
  return progress;
}

// True: nothing is left to do. Gives everything back until the next byte arrives.
bool rests(Connection& c) {
  if (!c.exchange) return true;
  Exchange& x = *c.exchange;
  if (!x.input.unused().empty()) return false;
  c.service.release_input(x);
  c.service.give_back(c);
  return true;
}

// How long the peer may take for the rest of a head.
uring::Milliseconds head_patience(const Connection& c) {
  const uring::Milliseconds spent = c.io.loop().now() - c.exchange->began_ms;
  return std::max<uring::Milliseconds>(0, c.service.config.site.timeouts.head_ms - spent);
}

// How long it may take until its next request.
uring::Milliseconds idle_patience(const Connection& c) {
  const Timeouts& timeouts = c.service.config.site.timeouts;
  // Who is refused need not be waited for as long as a client that may come back.
  if (c.refused) return std::min(timeouts.head_ms, timeouts.idle_ms);
  // A client that connects while the server stops has a moment to say what it wants.
  constexpr uring::Milliseconds moment_ms = 1000;
  return c.service.draining ? std::min(moment_ms, timeouts.idle_ms) : timeouts.idle_ms;
}

// Chooses where the next bytes go: a provided buffer, or own memory when those had run out.
uring::Io::Pending more_bytes(Connection& c) {
  const bool is_idle = rests(c);
  c.io.set_deadline(is_idle ? idle_patience(c) : head_patience(c));
  c.io.set_idle(is_idle);
  if (!c.starved) return c.io.receive(c.fd);
  c.starved = false;
  Exchange& x = c.service.borrow(c);
  c.service.own_input(x);
  return c.io.recv(c.fd, {x.input.data + x.input.end, x.own_bytes - x.input.end});
}

// The time for a head is over. RFC 9110 15.5.9 wants a 408 where a request has begun.
void give_up(Connection& c) {
  c.open = false;
  if (!c.exchange || !c.io.timed_out() || c.io.stopped()) return;
  if (c.exchange->input.unused().empty()) return;
  c.io.renew();
  answer(c, 408);
  c.lingers = true;  // it may still be sending
}

// Takes note of received bytes, or of the end.
void take_bytes(Connection& c, uring::Result got) {
  c.io.set_idle(false);
  if (!got.ok()) {
    c.starved = got.fault() == uring::Fault::no_buffers;
    if (!c.starved) give_up(c);
    return;
  }
  if (got.count() == 0) {
    c.open = false;
    return;
  }
  note_received(c);
  Exchange& x = c.service.borrow(c);
  if (x.input.unused().empty()) c.service.begin_request(x);
  c.service.add_input(x, got);
}

// A plan is there although no head is: 408.
bool has_plan(const Connection& c) { return c.exchange && c.exchange->plan.status != 0; }

}  // namespace

// A deadline asks for the end of a receive, which may have succeeded all the same.
void note_received(Connection& c) {
  c.io.clear_deadline();
  if (c.io.timed_out() && !c.io.stopped()) c.io.renew();
}

// One request: decide, look, act. Leaves a plan.
uring::Task<> handle(Connection& c) {
  Exchange& x = *c.exchange;
  c.io.clear_deadline();
  x.intent = c.refused ? Intent{.status = 503} : decide(x.head, c.service.config.site, x.path_room);
  switch (x.intent.action) {
    case Action::read: co_await find(c); break;
    case Action::write: co_await store(c); break;
    case Action::remove: co_await remove(c); break;
    case Action::options: x.plan = plan_options(x.head, c.service.config.site.writable); break;
    case Action::refuse: answer(c, x.intent.status, x.intent.explanation); break;
  }
}

uring::Task<> serve(Connection& c) {
  while (c.open) {
    const Progress progress = next_head(c);
    if (progress == Progress::more) {
      // Everything that has arrived is answered: the answers leave in one send.
      if (c.exchange && has_unsent(*c.exchange)) {
        const uring::Result sent = co_await send_all(c);
        note_all_sent(c, sent);
        continue;
      }
      const uring::Result got = co_await more_bytes(c);
      take_bytes(c, got);
      if (!has_plan(c)) continue;
    } else if (progress == Progress::failed) {
      refuse_head(c);
    } else if (answer_at_once(c)) {
      continue;
    } else {
      co_await handle(c);
    }
    co_await respond(c);
  }
  co_await part(c);
}

}  // namespace server
