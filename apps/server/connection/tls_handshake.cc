// The steps of a handshake. A step with an RSA key takes a fraction of a millisecond or more, and
// runs on a thread (uring/work_threads.h). Covered by
// tests/server/connection/tls_stream_test.cc and tests/end_to_end/tls_test.cc.
#include "apps/server/connection/tls_handshake.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <new>
#include <string_view>

#include "apps/crypto/server_context.h"
#include "apps/server/connection/close.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/tls_stream.h"
#include "apps/server/connection/waits.h"
#include "apps/server/connection/worker_state.h"
#include "uring/monotonic.h"
#include "uring/work_threads.h"

namespace server {

using crypto::TlsBuffers;
using crypto::TlsFault;
using crypto::TlsProgress;

namespace {

// One call of the session, on this thread or on another one.
struct Step final : uring::Work {
  Step(crypto::TlsSession& it, TlsBuffers of_call) : session(it), buffers(of_call) {}
  void run() noexcept override { progress = session.handshake(buffers); }

  crypto::TlsSession& session;
  TlsBuffers buffers;
  TlsProgress progress = TlsProgress::failed;
};

uring::Milliseconds rest_of_time(const Connection& c, uring::Milliseconds began_ms) {
  const uring::Milliseconds limit = c.worker.site().timeouts.head_ms;
  const uring::Milliseconds rest = limit - (c.io.loop().now() - began_ms);
  const bool is_short = c.worker.draining && !tls_of(c).session;
  return std::clamp<uring::Milliseconds>(rest, 0, is_short ? draining_ms : limit);
}

void record_refusal(const Connection& c, Refusals::Reason reason) {
  Refusals* const refusals = c.worker.shared.refusals;
  if (refusals) refusals->record(c.peer, reason, uring::monotonic_us());
}

// Makes the session for the first bytes, which have arrived, and lends the stream a block. False:
// memory is exhausted.
bool prepare_step(Connection& c) {
  TlsStream& s = tls_of(c);
  try {
    ensure_block(c);
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (!s.session) s.session = c.worker.generation().tls->new_session();
  return s.session != nullptr;
}

// Whether to give a step to a thread: it signs with a slow key. After this side has sent its part,
// the rest of the handshake needs symmetric keys alone, or the public key of a client's
// certificate, which is fast.
bool is_slow(const Connection& c) {
  return c.worker.shared.handshakes && tls_of(c).sent == 0 &&
         c.worker.generation().tls->has_slow_keys();
}

Refusals::Reason reason_of(crypto::CertificateFault fault) {
  using crypto::CertificateFault;
  using Reason = Refusals::Reason;
  switch (fault) {
    case CertificateFault::missing: return Reason::missing_certificate;
    case CertificateFault::expired: return Reason::expired_certificate;
    case CertificateFault::revoked: return Reason::revoked_certificate;
    case CertificateFault::unknown_authority: return Reason::unknown_authority;
    case CertificateFault::unlisted_authority: return Reason::unlisted_authority;
    case CertificateFault::expired_revocations: return Reason::expired_revocations;
    case CertificateFault::other: break;
  }
  return Reason::unusable_certificate;
}

// Records a handshake that is done or has failed. The name in a certificate belongs into the log,
// which the fast path does not know.
void record_outcome(Connection& c, TlsProgress progress) {
  const crypto::TlsSession& session = *tls_of(c).session;
  if (progress == TlsProgress::done) {
    if (!session.client_name().empty()) c.avoids_cache = true;
    c.worker.count_handshake(session.is_resumed() ? Handshake::resumed : Handshake::full);
    return;
  }
  c.open = false;
  switch (session.fault()) {
    case TlsFault::peer_certificate:
      c.worker.count_handshake(Handshake::refused);
      return record_refusal(c, reason_of(session.certificate_fault()));
    case TlsFault::refused_by_peer:
      c.worker.count_handshake(Handshake::refused);
      return record_refusal(c, Refusals::Reason::refused_tls);
    default:
      c.worker.count_handshake(Handshake::malformed);
      return record_refusal(c, Refusals::Reason::malformed_tls);
  }
}

// The bounds of the time in which a client may read the response to plain HTTP.
constexpr uring::Milliseconds refusal_linger_ms = 2000;

// Sends a response to a client that speaks HTTP without TLS, and lets it read that.
uring::Task<> refuse_plain(Connection& c) {
  c.open = false;
  c.worker.count_handshake(Handshake::plain_http);
  record_refusal(c, Refusals::Reason::plain_http);
  constexpr std::string_view text = "this port speaks TLS; use https://\n";
  std::array<char, 256> response;
  c.worker.now();
  const std::string_view date = c.worker.clock.date();
  const int size = std::snprintf(
      response.data(), response.size(),
      "HTTP/1.1 400 Bad Request\r\nDate: %.*s\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
      static_cast<int>(date.size()), date.data(), text.size(), text.data());
  const std::string_view bytes(response.data(), static_cast<std::size_t>(size));
  co_await c.io.send(c.fd, bytes);
  co_await linger(c.io, c.fd, refusal_linger_ms);
}

}  // namespace

bool move_to_stream(Connection& c) {
  if (!c.exchange) return true;
  Exchange& x = *c.exchange;
  TlsStream& s = tls_of(c);
  const std::string_view bytes = x.in.unused();
  try {
    if (!bytes.empty()) s.received_block = c.worker.blocks.lend();
  } catch (const std::bad_alloc&) {
    return false;
  }
  assert(bytes.size() <= s.received_block.size());
  s.received = {s.received_block.data(), bytes.copy(s.received_block.data(), bytes.size())};
  release_input(x.in, c.io.engine());
  c.worker.give_back(c);
  return true;
}

bool awaits_handshake(const Connection& c) {
  if (!c.is_tls) return false;
  const TlsStream& s = tls_of(c);
  return !s.session || !s.session->is_established();
}

bool may_step_handshake(const Connection& c) {
  return !tls_of(c).received.empty() || tls_of(c).writes;
}

uring::Io::Pending receive_handshake(Connection& c, uring::Milliseconds began_ms) {
  c.io.set_idle(!tls_of(c).session);
  c.io.set_deadline(rest_of_time(c, began_ms));
  return receive_encrypted(c);
}

// A client that has sent nothing yet has another second while the worker drains. Health checks,
// which connect and close, are no failures.
void take_handshake(Connection& c, uring::Result got) {
  c.io.set_idle(false);
  const TlsStream& s = tls_of(c);
  const bool is_taken = take_encrypted(c, got);
  if (is_taken || c.starved) return;
  const bool is_late = c.io.timed_out() && !c.io.stopped();
  if (is_late && !s.session && c.worker.draining && !c.was_reprieved) {
    c.was_reprieved = true;
    return c.io.renew();
  }
  c.open = false;
  if (!s.session || c.io.stopped()) return;
  c.worker.count_handshake(is_late ? Handshake::late : Handshake::interrupted);
  if (is_late) record_refusal(c, Refusals::Reason::late_tls);
}

bool begin_handshake_step(Connection& c) {
  try {
    c.worker.borrow(c);
    c.worker.begin_request(c);
    return true;
  } catch (const std::bad_alloc&) {
    c.open = false;
    return false;
  }
}

uring::Task<> step_handshake(Connection& c, uring::Milliseconds began_ms) {
  TlsStream& s = tls_of(c);
  const char first = s.session ? '\0' : s.received.front();
  if (first >= 'A' && first <= 'Z') {
    co_await refuse_plain(c);
    co_return;
  }
  if (!prepare_step(c)) {
    c.open = false;
    co_return;
  }
  Step step(*s.session, {.in = s.received, .out = s.block.subspan(s.end)});
  bool was_run = false;
  if (is_slow(c)) {
    const bool has_run = co_await uring::run_on(c.io, *c.worker.shared.handshakes, step);
    was_run = has_run;
  }
  if (!was_run) step.run();
  s.received = step.buffers.in;
  s.end = s.block.size() - step.buffers.out.size();
  s.writes = step.progress == TlsProgress::wants_output;
  if (step.progress == TlsProgress::failed) s.received = {};
  const bool is_over = step.progress == TlsProgress::done || step.progress == TlsProgress::failed;
  if (is_over) record_outcome(c, step.progress);
  release_used(c);
  // The tickets of a server leave with the first response if a request has arrived already.
  const bool sends_later = step.progress == TlsProgress::done && !s.received.empty();
  if (s.unsent().empty() || sends_later) co_return;
  c.io.set_deadline(rest_of_time(c, began_ms));
  const uring::Result sent = co_await send_written(c);
  record_written(c, sent);
}

}  // namespace server
