// Sends with a look at the peer's pace. Covered by tests/server/connection/connection_test.cc and
// tests/end_to_end/.
#include "apps/server/connection/send.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "apps/server/connection/request_log.h"
#include "apps/server/connection/worker_state.h"

namespace server {

namespace {

// A send ended before its last byte. Says whether it may go on. Bytes that the peer has not
// confirmed are still with the kernel.
bool is_fast_enough(Connection& c) {
  Exchange& x = *c.exchange;
  if (!c.io.timed_out() || c.io.stopped()) return false;
  const std::uint64_t with_kernel = c.io.engine().unconfirmed_bytes(c.fd);
  const std::uint64_t confirmed = x.out.sent - std::min(x.out.sent, with_kernel);
  return x.out.pace.check(c.io.loop().now(), confirmed, x.site->timeouts);
}

// Records a send that ended after `count` bytes and left some. False: the connection is broken.
bool record_partial(Connection& c, std::size_t count, std::string_view& rest) {
  Output& out = c.exchange->out;
  const std::size_t of_block = std::min(count, out.gathered);
  out.gathered -= of_block;
  rest.remove_prefix(count - of_block);
  const bool is_fine = is_fast_enough(c);
  if (!is_fine) {
    out.gathered = 0;
    out.pace.end();
    c.open = false;
    c.io.stop();  // after a gap in the stream nothing that follows has a meaning
  } else if (c.io.timed_out() && !c.io.stopped()) {
    c.io.renew();
    std::memmove(out.block.data(), out.block.data() + of_block, out.gathered);
  }
  return is_fine;
}

// Records a send of the gathered bytes and `rest`. Nearly always all of it has left, which takes no
// arithmetic. False: the connection is broken.
inline bool record_sent(Connection& c, uring::Result result, std::string_view& rest) {
  Output& out = c.exchange->out;
  c.io.clear_deadline();  // a slow disk may be waited for next
  out.sent += result.count();
  const bool is_whole = result.count() == out.gathered + rest.size();
  if (is_whole) {
    out.gathered = 0;
    rest = {};
    out.pace.end();
  }
  const bool is_fine = is_whole || record_partial(c, result.count(), rest);
  if (!out.answered.empty()) log_answered(c, !is_fine);
  return is_fine;
}

inline void close_cached(Connection& c) {
  Exchange& x = *c.exchange;
  x.out.direct = {};
  c.worker.files.unpin(*std::exchange(x.source.cached, nullptr));
}

// Fills in the send of one piece or two.
inline uring::Io::Pending send_pieces(Connection& c, std::string_view rest) {
  Output& out = c.exchange->out;
  if (out.gathered == 0) return c.io.send(c.fd, rest);
  if (rest.empty()) return c.io.send(c.fd, out.unsent());
  out.message.clear();
  out.message.add(out.unsent());
  out.message.add(rest);
  return c.io.send(c.fd, out.message);
}

// Begins to send what is gathered, and `rest` behind it. The deadline is the next time at which the
// peer's pace is checked; it is set last, so that nothing has to be kept over that call.
inline uring::Io::Pending send_gathered(Connection& c, std::string_view rest) {
  Exchange& x = *c.exchange;
  const uring::Io::Pending pending = send_pieces(c, rest);
  c.io.set_deadline(x.out.pace.wait(c.io.loop().now(), x.site->timeouts));
  return pending;
}

}  // namespace

uring::Io::Pending send_all(Connection& c) { return send_gathered(c, c.exchange->out.direct); }

void record_all_sent(Connection& c, uring::Result result) {
  Exchange& x = *c.exchange;
  const bool is_fine = record_sent(c, result, x.out.direct);
  if (x.source.cached && (!is_fine || x.out.direct.empty())) close_cached(c);
}

uring::Task<bool> flush_with(Connection& c, std::string_view rest) {
  assert(c.exchange->out.is_consistent());
  while (c.exchange->out.gathered > 0 || !rest.empty()) {
    const uring::Result sent = co_await send_gathered(c, rest);
    const bool is_fine = record_sent(c, sent, rest);
    if (!is_fine) co_return false;
  }
  co_return true;
}

uring::Task<bool> flush(Connection& c) { return flush_with(c, {}); }

void close_source(Connection& c) {
  Exchange& x = *c.exchange;
  x.out.direct = {};
  if (x.source.file >= 0) c.io.engine().close(std::exchange(x.source.file, -1));
  if (x.source.cached) close_cached(c);
}

}  // namespace server
