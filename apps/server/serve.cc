// The steps of each request: greet, receive, parse, decide, admit, act, respond, log. Read serve()
// first, at the end; the functions that it calls stand above it in the order of use. Covered by
// tests/server/serve_test.cc and tests/end_to_end/.
#include "apps/server/serve.h"

#include <algorithm>
#include <new>
#include <utility>

#include "apps/server/archive/answer_archive.h"
#include "apps/server/auth/gate.h"
#include "apps/server/connection/answer.h"
#include "apps/server/connection/client.h"
#include "apps/server/connection/close.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/receive.h"
#include "apps/server/connection/respond.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/tls_handshake.h"
#include "apps/server/connection/tls_receive.h"
#include "apps/server/connection/tls_stream.h"
#include "apps/server/connection/waits.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/destination.h"
#include "apps/server/read/from_cache.h"
#include "apps/server/read/get.h"
#include "apps/server/write/create_upload.h"
#include "apps/server/write/delete.h"
#include "apps/server/write/make_directory.h"
#include "apps/server/write/move.h"
#include "apps/server/write/put.h"
#include "apps/server/write/resume.h"
#include "apps/server/write/stored_upload.h"
#include "parser/parse.h"

namespace server {

using http1::Progress;

namespace {

// Parses the next head from the received bytes. Progress::more: the head is not complete, or
// responses have to be sent first. Inlined into both kinds of serve().
[[gnu::always_inline]] inline Progress next_head(Connection& c) {
  if (!c.exchange) return Progress::more;
  Exchange& x = *c.exchange;
  if (x.in.unused().empty()) return Progress::more;
  const bool is_full =
      c.sends_singly ? !x.out.unlogged.empty() : x.out.unlogged.size() == Output::most_unlogged;
  if (is_full || x.out.pace.is_waiting() || !x.out.direct.empty())
    return Progress::more;  // send first
  const Progress progress = http1::parse_request(x.in.unused(), x.request.head, x.site->limits);
  if (progress != Progress::done) return progress;
  x.in.begin += x.request.head.size();
  if (c.is_trusted) take_forwarded_client(c);
  return progress;
}

// The rest of the time for the PROXY header of a connection that was accepted at `began_ms`.
uring::Milliseconds proxy_header_timeout(const Connection& c, uring::Milliseconds began_ms) {
  const uring::Milliseconds limit = std::min(proxy_header_ms, c.worker.site().timeouts.head_ms);
  const uring::Milliseconds rest = limit - (c.io.loop().now() - began_ms);
  return std::clamp<uring::Milliseconds>(rest, 0, c.worker.draining ? draining_ms : limit);
}

// Prepares a receive into memory of the exchange, because the last receive found no provided
// buffer. If memory is exhausted as well, the receive is cancelled and the connection ends.
uring::Io::Pending receive_into_exchange(Connection& c) {
  c.starved = false;
  try {
    Exchange& x = c.worker.borrow(c);
    if (x.in.unused().empty()) c.worker.begin_request(c);
    own_input(x.in, c.io.engine(), x.site->limits);
    return c.io.recv(c.fd, {x.in.data + x.in.end, x.in.memory_bytes - x.in.end});
  } catch (const std::bad_alloc&) {
    c.io.stop();
    return c.io.receive(c.fd);
  }
}

// Prepares a receive within `timeout_ms`: into a provided buffer where there is one.
[[gnu::always_inline]] inline uring::Io::Pending receive_within(Connection& c,
                                                                uring::Milliseconds timeout_ms) {
  c.io.set_deadline(timeout_ms);
  return c.starved ? receive_into_exchange(c) : c.io.receive(c.fd);
}

// Prepares a receive for the next head.
uring::Io::Pending receive_more(Connection& c) {
  const bool is_idle = becomes_idle(c);
  c.io.set_idle(is_idle);
  return receive_within(c, is_idle ? idle_timeout(c) : head_timeout(c));
}

// Drops received bytes for which there is no memory, and ends the connection. If the request has
// begun, plans a 503.
[[gnu::cold]] void drop_bytes(Connection& c, uring::Result got) {
  if (got.buffer != uring::no_buffer) c.io.engine().recycle(got.buffer);
  c.open = false;
  if (!c.exchange || c.awaits_proxy_header) return;
  answer(c, 503);
  c.lingers = true;  // the client may still be sending
}

// Adds received bytes to the input, or ends the connection if the peer has ended it or the receive
// has failed.
[[gnu::always_inline]] inline void take_bytes(Connection& c, uring::Result got) {
  c.io.set_idle(false);
  if (!got.ok()) {
    c.starved = got.fault() == uring::Fault::no_buffers;
    if (!c.starved) end_receive(c);
    return;
  }
  if (got.count() == 0) {
    c.open = false;
    return;
  }
  end_wait(c.io);
  try {
    Exchange& x = c.worker.borrow(c);
    if (x.in.unused().empty()) c.worker.begin_request(c);
    add_received(x.in, got, c.io.engine(), x.site->limits);
  } catch (const std::bad_alloc&) {
    drop_bytes(c, got);
  }
}

// Starts serve(c). False: memory is exhausted.
bool spawn_serve(Connection& c) {
  try {
    c.io.use_frame_stack(nullptr);  // its frame is in use for longer than the exchange
    uring::Task<> task = serve(c);
    if (c.exchange) c.io.use_frame_stack(&c.exchange->frames);
    c.worker.connections.spawn(std::move(task));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Receives the PROXY header and does the TLS handshake, where the connection begins with them, and
// starts serve(). Closes the connection without a response if the header or the handshake is
// malformed or late. A root task of its own, which ends when serve() begins.
uring::Task<> greet(Connection& c) {
  const uring::Milliseconds began_ms = c.io.loop().now();
  while (c.open && c.awaits_proxy_header) {
    c.io.set_idle(becomes_idle(c));
    const uring::Result got = co_await receive_within(c, proxy_header_timeout(c, began_ms));
    take_bytes(c, got);
    if (!c.open || !got.ok()) continue;
    if (take_proxy_header(c) == Progress::failed) c.open = false;
  }
  if (c.awaits_proxy_header) record_missing_header(c);
  if (c.open && c.is_tls && !move_to_stream(c)) c.open = false;
  while (c.open && awaits_handshake(c)) {
    if (!may_step_handshake(c)) {
      const uring::Result got = co_await receive_handshake(c, began_ms);
      take_handshake(c, got);
    } else if (begin_handshake_step(c)) {
      co_await step_handshake(c, began_ms);
      c.worker.give_back(c);
    }
  }
  c.io.clear_deadline();
  if (c.open && spawn_serve(c)) co_return;
  if (c.exchange) end_exchange(c);
  if (c.io.receives()) co_await c.io.end_receiving();
  end_connection(c);
}

// Whether a response is planned although no head is complete, which is a 408 or a 503.
bool has_plan(const Connection& c) { return c.exchange && c.exchange->plan.status != 0; }

// Handles a request with a complete head: decides what to do and does it. Sets the plan of the
// response.
uring::Task<> handle(Connection& c) {
  Exchange& x = *c.exchange;
  Intent& intent = x.request.intent;
  c.io.clear_deadline();
  if (c.worker.root_is_missing) {
    co_return answer(c, 503, "the served directory or its file system is not there at present");
  }
  const bool has_body = x.request.head.body().kind != http1::BodyKind::none;
  if (has_body && !reserve_memory(x.in, x.site->limits)) {
    answer(c, 503);
    co_return close_after_answer(c);
  }
  intent = c.refused ? Intent{.status = 503} : decide(x.request.head, *x.site, x.scratch.path);
  if (intent.action == Action::move) {
    intent = decide_destination(x.request.head, *x.site, intent, x.scratch.destination);
  }
  if (changes_files(intent.action) && c.worker.is_retired && c.requests > 0) {
    answer(c, 503, "another process of the server has taken over; send the request again");
    co_return close_after_answer(c);
  }
  if (x.site->is_guarded && intent.names_file()) {
    const bool is_admitted = co_await admit_request(c);
    if (!is_admitted) co_return;
  }
  switch (intent.action) {
    case Action::read: co_await get(c); break;
    case Action::archive: co_await answer_archive(c); break;
    case Action::write: co_await put(c); break;
    case Action::create: co_await create_upload(c); break;
    case Action::resume: co_await resume(c); break;
    case Action::remove: co_await delete_file(c); break;
    case Action::make_directory: co_await make_directory(c); break;
    case Action::move: co_await move_file(c); break;
    case Action::script: x.plan = plan_script(x.request.head); break;
    case Action::options: answer_options(c); break;
    case Action::refuse: answer(c, intent.status, intent.explanation); break;
  }
}

// How serve() receives and sends on a plain connection.
struct Plain {
  static constexpr bool encrypts = false;
  static bool has_unsent(const Connection& c) { return c.exchange && c.exchange->out.has_unsent(); }
  static uring::Io::Pending send(Connection& c) { return send_all(c); }
  static void record_sent(Connection& c, uring::Result sent) { record_all_sent(c, sent); }
  static bool takes_arrived(Connection& /*c*/) { return false; }
  static uring::Io::Pending receive(Connection& c) { return receive_more(c); }
  static void take(Connection& c, uring::Result got) { take_bytes(c, got); }
};

// How serve() receives and sends on a connection that encrypts.
struct Encrypted {
  static constexpr bool encrypts = true;
  static bool has_unsent(const Connection& c) { return has_unsent_responses(c); }
  static uring::Io::Pending send(Connection& c) {
    return send_encrypted(c, c.exchange->out.direct);
  }
  static void record_sent(Connection& c, uring::Result sent) { record_responses_sent(c, sent); }
  static bool takes_arrived(Connection& c) { return decrypt_head(c); }
  static uring::Io::Pending receive(Connection& c) { return receive_encrypted_head(c); }
  static void take(Connection& c, uring::Result got) { take_encrypted_head(c, got); }
};

template <class Way>
uring::Task<> serve_by(Connection& c) {
  while (c.open) {
    const Progress progress = next_head(c);
    if (progress == Progress::more) {
      // All received requests have a response: send the responses together.
      if (Way::has_unsent(c)) {
        const uring::Result sent = co_await Way::send(c);
        Way::record_sent(c, sent);
        continue;
      }
      if (Way::takes_arrived(c)) continue;
      const uring::Result got = co_await Way::receive(c);
      Way::take(c, got);
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
  if (c.exchange) {
    co_await send_rest(c);
    end_exchange(c);
  } else if constexpr (Way::encrypts) {
    if (begin_goodbye(c)) {
      const uring::Result sent = co_await send_written(c);
      record_written(c, sent);
    }
  }
  if (c.io.receives()) co_await c.io.end_receiving();
  end_connection(c);
}

}  // namespace

uring::Task<> serve(Connection& c) {
  return c.is_tls ? serve_by<Encrypted>(c) : serve_by<Plain>(c);
}

bool start_serving(Connection& c) {
  try {
    c.worker.connections.spawn(c.awaits_proxy_header || c.is_tls ? greet(c) : serve(c));
    return true;
  } catch (const std::bad_alloc&) {
    end_connection(c);
    return false;
  }
}

}  // namespace server
