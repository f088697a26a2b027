// What is gathered leaves, for as long as the peer takes it; and then the connection ends.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#include <algorithm>
#include <cstring>
#include <utility>

#include "apps/server/connection.h"
#include "apps/server/respond.h"
#include "apps/server/service.h"

namespace server {

namespace {

// Sets the time for the next look at how the peer takes what is sent to it.
inline void allow_send(Connection& c) {
  c.io.set_deadline(c.exchange->pace.wait(c.io.loop().now(), c.service.config.site.timeouts));
}

// A send was ended to look at it: may it go on? What the peer has not confirmed yet lies with the
// kernel.
bool peer_takes_on(Connection& c) {
  Exchange& x = *c.exchange;
  if (!c.io.timed_out() || c.io.stopped()) return false;
  const std::uint64_t with_kernel = c.io.engine().unconfirmed_bytes(c.fd);
  const std::uint64_t confirmed = x.sent - std::min(x.sent, with_kernel);
  return x.pace.look(c.io.loop().now(), confirmed, c.service.config.site.timeouts);
}

// Takes note of a send that ended before its end.
bool note_part(Connection& c, std::size_t count, std::string_view& rest) {
  Exchange& x = *c.exchange;
  const std::size_t of_block = std::min(count, x.gathered);
  x.gathered -= of_block;
  rest.remove_prefix(count - of_block);
  const bool fine = peer_takes_on(c);
  if (!fine) {
    x.gathered = 0;
    x.pace.end();
    c.open = false;
    c.io.stop();  // after a gap in the stream nothing that follows has a meaning
  } else if (c.io.timed_out() && !c.io.stopped()) {
    c.io.renew();
    std::memmove(x.block.data(), x.block.data() + of_block, x.gathered);
  }
  return fine;
}

// note_sent(). Nearly always all has left in one piece, which takes no arithmetic.
inline bool note(Connection& c, uring::Result result, std::string_view& rest) {
  Exchange& x = *c.exchange;
  c.io.clear_deadline();  // what comes next may be a slow disk
  x.sent += result.count();
  const bool is_whole = result.count() == x.gathered + rest.size();
  if (is_whole) {
    x.gathered = 0;
    rest = {};
    x.pace.end();
  }
  const bool is_fine = is_whole || note_part(c, result.count(), rest);
  if (!x.answered.empty()) c.service.log_answered(c, !is_fine);
  return is_fine;
}

// Gives up the remembered file that is being sent.
inline void close_cached(Connection& c) {
  Exchange& x = *c.exchange;
  x.direct = {};
  c.service.files.unpin(*std::exchange(x.cached, nullptr));
}

}  // namespace

bool note_sent(Connection& c, uring::Result result, std::string_view& rest) {
  return note(c, result, rest);
}

void note_all_sent(Connection& c, uring::Result result) {
  Exchange& x = *c.exchange;
  const bool fine = note(c, result, x.direct);
  if (x.cached && (!fine || x.direct.empty())) close_cached(c);
}

void close_content(Connection& c) {
  Exchange& x = *c.exchange;
  x.direct = {};
  if (x.file >= 0) c.io.engine().close(std::exchange(x.file, -1));
  if (x.cached) close_cached(c);
}

namespace {

// Fills in the send of one piece or two.
inline uring::Io::Pending send_pieces(Connection& c, std::string_view rest) {
  Exchange& x = *c.exchange;
  if (x.gathered == 0) return c.io.send(c.fd, rest);
  if (rest.empty()) return c.io.send(c.fd, unsent(x));
  x.message.clear();
  x.message.add(unsent(x));
  x.message.add(rest);
  return c.io.send(c.fd, x.message);
}

// Begins to send what is gathered, and `rest` behind it, which stays where it is until it is sent.
inline uring::Io::Pending send_gathered(Connection& c, std::string_view rest) {
  const uring::Io::Pending pending = send_pieces(c, rest);
  allow_send(c);  // last, so that nothing has to be kept over it
  return pending;
}

}  // namespace

uring::Io::Pending send_all(Connection& c) { return send_gathered(c, c.exchange->direct); }

uring::Task<bool> flush_with(Connection& c, std::string_view rest) {
  while (c.exchange->gathered > 0 || !rest.empty()) {
    const uring::Result sent = co_await send_gathered(c, rest);
    const bool fine = note_sent(c, sent, rest);
    if (!fine) co_return false;
  }
  co_return true;
}

uring::Task<bool> flush(Connection& c) { return flush_with(c, {}); }

namespace {

// How long and how much a lingering close drops: enough for a client to read its answer.
constexpr std::int64_t linger_ms = 5000;
constexpr std::int64_t draining_linger_ms = 1000;  // while the server waits to stop
constexpr std::uint64_t most_lingered = 64 * 1024 * 1024;

// Waits for the peer's end after ours, so that it can read the answer before a reset. RFC 9112 9.6.
uring::Task<> linger(Connection& c) {
  c.io.engine().finish_sending(c.fd);
  c.io.set_deadline(c.service.draining ? draining_linger_ms : linger_ms);
  std::uint64_t dropped = 0;
  while (dropped < most_lingered) {
    const uring::Result got = co_await c.io.receive(c.fd);
    if (got.count() == 0) break;
    c.io.engine().recycle(got.buffer);
    dropped += got.count();
  }
}

}  // namespace

uring::Task<> part(Connection& c) {
  if (c.exchange) {
    const bool sent = co_await flush_with(c, c.exchange->direct);
    close_content(c);
    if (sent && c.lingers) co_await linger(c);
    c.service.log_answered(c, true);
    c.service.release_input(*c.exchange);
    c.exchange->head.reset();  // one may have begun
    c.service.give_back(c);
  }
  if (c.io.receives()) co_await c.io.end_receiving();
  c.io.engine().close(c.fd);
  c.service.forget(c);
}

}  // namespace server
