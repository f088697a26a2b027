// Sends whose progress is checked at intervals (pace.h). Covered by
// tests/server/connection/send_test.cc and tests/end_to_end/.
#include "apps/server/connection/send.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "apps/server/connection/request_log.h"
#include "apps/server/connection/tls_stream.h"
#include "apps/server/connection/worker_state.h"

namespace server {

namespace {

// Whether a send that is incomplete may continue: its deadline has passed, which was the time of a
// check, and the peer is fast enough. Sent bytes that the peer has not acknowledged are still in
// the kernel's buffer.
bool is_fast_enough(uring::Io& io, int fd, Output& out, const Timeouts& timeouts) {
  if (!io.timed_out() || io.stopped()) return false;
  const std::uint64_t unconfirmed = io.engine().unconfirmed_bytes(fd);
  const std::uint64_t confirmed = out.sent - std::min(out.sent, unconfirmed);
  return out.pace.check(io.loop().now(), confirmed, timeouts);
}

// Records a send that is incomplete after `count` bytes. False: the connection is broken.
bool record_partial(Connection& c, std::size_t count, std::string_view& rest) {
  Output& out = c.exchange->out;
  const std::size_t from_block = std::min(count, out.gathered);
  out.gathered -= from_block;
  rest.remove_prefix(count - from_block);
  const bool is_fine = is_fast_enough(c.io, c.fd, out, c.exchange->site->timeouts);
  if (!is_fine) {
    if (c.io.timed_out() && !c.io.stopped()) c.worker.count_timeout(TimeoutKind::send);
    out.gathered = 0;
    out.pace.end();
    c.open = false;
    c.io.stop();  // bytes of the stream are missing, so that nothing may be sent after them
    // Else the kernel would keep the bytes that a stalled peer has not received for minutes.
    c.io.engine().reset_on_close(c.fd);
  } else if (c.io.timed_out() && !c.io.stopped()) {
    c.io.renew();
    std::memmove(out.block.data(), out.block.data() + from_block, out.gathered);
  }
  return is_fine;
}

// Records the result of a send of the gathered bytes and `rest`. Nearly always the send is
// complete, which is the fast path. False: the connection is broken.
inline bool record_sent(Connection& c, uring::Result result, std::string_view& rest) {
  Output& out = c.exchange->out;
  c.io.clear_deadline();  // it must not pass while the connection waits for a slow disk
  out.sent += result.count();
  const bool is_whole = result.count() == out.gathered + rest.size();
  if (is_whole) {
    out.gathered = 0;
    rest = {};
    out.pace.end();
  }
  const bool is_fine = is_whole || record_partial(c, result.count(), rest);
  if (!out.unlogged.empty()) log_responses(*c.exchange, c.worker, !is_fine);
  return is_fine;
}

inline void close_cached(Connection& c) {
  Exchange& x = *c.exchange;
  x.out.direct = {};
  c.worker.files.unpin(*std::exchange(x.source.cached, nullptr));
}

// Prepares a send of one piece or two.
inline uring::Io::Pending send_pieces(uring::Io& io, int fd, Output& out, std::string_view rest) {
  if (out.gathered == 0) return io.send(fd, rest);
  if (rest.empty()) return io.send(fd, out.unsent());
  out.message.clear();
  out.message.add(out.unsent());
  out.message.add(rest);
  return io.send(fd, out.message);
}

// Prepares a send of the gathered bytes and `rest` behind them. The deadline is the time of the
// next check of the peer's progress. It is set last, so that no register has to be saved for the
// call.
inline uring::Io::Pending send_gathered(Connection& c, std::string_view rest, bool more_follows) {
  Exchange& x = *c.exchange;
  const bool is_in_pages = x.source.cached && x.source.cached->is_in_pages(rest);
  const uring::Io::Pending pending =
      is_in_pages
          ? c.io.send_pages(c.fd, x.out.unsent(), rest, more_follows ? uring::more_follows : 0)
          : send_pieces(c.io, c.fd, x.out, rest);
  c.io.set_deadline(x.out.pace.wait(c.io.loop().now(), x.site->timeouts));
  return pending;
}

}  // namespace

uring::Io::Pending send_all(Connection& c) {
  return send_gathered(c, c.exchange->out.direct, false);
}

void record_all_sent(Connection& c, uring::Result result) {
  Exchange& x = *c.exchange;
  const bool is_fine = record_sent(c, result, x.out.direct);
  if (x.source.cached && (!is_fine || x.out.direct.empty())) close_cached(c);
}

namespace {

uring::Task<bool> flush_plain(Connection& c, std::string_view rest, bool more_follows) {
  assert(c.exchange->out.is_consistent());
  while (c.exchange->out.gathered > 0 || !rest.empty()) {
    const uring::Result sent = co_await send_gathered(c, rest, more_follows);
    const bool is_fine = record_sent(c, sent, rest);
    if (!is_fine) co_return false;
  }
  co_return true;
}

uring::Task<bool> flush_encrypted(Connection& c, std::string_view rest) {
  while (has_unsent(c, rest)) {
    const uring::Result sent = co_await send_encrypted(c, rest);
    const bool is_fine = record_encrypted_sent(c, sent);
    if (!is_fine) co_return false;
  }
  co_return true;
}

}  // namespace

// Not a coroutine itself, so that one frame is allocated and not two.
uring::Task<bool> flush_with(Connection& c, std::string_view rest, bool more_follows) {
  return c.is_tls ? flush_encrypted(c, rest) : flush_plain(c, rest, more_follows);
}

uring::Task<bool> flush(Connection& c) { return flush_with(c, {}); }

void close_source(Connection& c) {
  Exchange& x = *c.exchange;
  x.out.direct = {};
  if (x.source.file >= 0) c.io.engine().close(std::exchange(x.source.file, -1));
  if (x.source.cached) close_cached(c);
}

}  // namespace server
