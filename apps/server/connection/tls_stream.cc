// Encrypting and decrypting between the buffers of a connection. Covered by
// tests/server/connection/tls_stream_test.cc and tests/end_to_end/tls_test.cc.
#include "apps/server/connection/tls_stream.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "apps/server/connection/request_log.h"
#include "apps/server/connection/worker_state.h"

namespace server {

using crypto::TlsBuffers;
using crypto::TlsProgress;
using crypto::TlsSession;

// --- Receiving ---

namespace {

// Returns the buffer of the received bytes, all of which are used.
void release_received(Connection& c) {
  TlsStream& s = tls_of(c);
  if (s.buffer != uring::no_buffer)
    c.io.engine().recycle(std::exchange(s.buffer, uring::no_buffer));
  if (!s.received_block.empty()) c.worker.blocks.release(std::exchange(s.received_block, {}));
  s.received = {};
}

// Returns the block of encrypted bytes.
void release_block(Connection& c) {
  TlsStream& s = tls_of(c);
  if (!s.block.empty()) c.worker.blocks.release(std::exchange(s.block, {}));
  s.begin = s.end = 0;
}

}  // namespace

uring::Io::Pending receive_encrypted(Connection& c) {
  TlsStream& s = tls_of(c);
  assert(s.received.empty() && s.buffer == uring::no_buffer && s.received_block.empty());
  if (!c.starved) return c.io.receive(c.fd);
  c.starved = false;
  try {
    s.received_block = c.worker.blocks.lend();
    return c.io.recv(c.fd, s.received_block);
  } catch (const std::bad_alloc&) {
    c.io.stop();
    return c.io.receive(c.fd);
  }
}

bool take_encrypted(Connection& c, uring::Result got) {
  TlsStream& s = tls_of(c);
  if (got.count() == 0) {
    c.starved = got.fault() == uring::Fault::no_buffers;
    s.ended = got.ok();
    if (got.buffer != uring::no_buffer) c.io.engine().recycle(got.buffer);
    release_received(c);
    return false;
  }
  s.buffer = got.buffer;
  const char* const data = got.buffer == uring::no_buffer ? s.received_block.data()
                                                          : c.io.engine().buffer(got.buffer).data();
  s.received = {data, got.count()};
  return true;
}

void ensure_block(Connection& c) {
  TlsStream& s = tls_of(c);
  if (s.block.empty()) s.block = c.worker.blocks.lend();
}

std::size_t decrypt(Connection& c, std::span<char> plain) {
  TlsStream& s = tls_of(c);
  ensure_block(c);
  TlsBuffers buffers{.in = s.received, .out = s.block.subspan(s.end)};
  const TlsSession::Read got = s.session->read(buffers, plain);
  s.end = s.block.size() - buffers.out.size();
  s.received = buffers.in;
  s.may_have_plain = got.count == plain.size();
  // wants_output: the peer requests more key updates than the block has space for answers.
  if (got.progress == TlsProgress::closed || got.progress == TlsProgress::failed ||
      got.progress == TlsProgress::wants_output) {
    s.received = {};
    c.open = false;
  }
  release_used(c);
  return got.count;
}

void release_used(Connection& c) {
  if (tls_of(c).received.empty()) release_received(c);
  if (tls_of(c).unsent().empty()) release_block(c);
}

void release_stream(Connection& c) {
  release_received(c);
  release_block(c);
}

// --- Sending ---

namespace {

// The size of records: small ones while the peer's congestion window is small, because a peer can
// use no byte of a record before it has all of it. After a pause the window is small again.
constexpr std::uint64_t small_until = 64 * 1024;
constexpr std::size_t small_record = 4096;
constexpr std::size_t initial_window = 14 * 1024;  // RFC 6928: ten segments
constexpr uring::Milliseconds pause_ms = 1000;
// A record that is smaller than it could be, because the block is full, has at least these many
// bytes.
constexpr std::size_t least_split = 1024;

// The most bytes of plain text for each record of a send of `total` bytes.
std::size_t record_limit(TlsStream& s, uring::Milliseconds now_ms, std::size_t total) {
  if (now_ms - s.last_ms >= pause_ms) s.since_pause = 0;
  s.last_ms = now_ms;
  const bool is_one_window = s.since_pause == 0 && total <= initial_window;
  if (is_one_window || s.since_pause >= small_until) return TlsSession::most_in_record;
  return small_record;
}

// The next bytes to encrypt: gathered ones from `taken` on, with bytes of `rest` copied behind them
// if they fill no record of `limit` bytes, or of `rest` alone. A head and the begin of its body
// then share a record.
std::string_view next_slice(Output& out, std::size_t taken, std::string_view rest,
                            std::size_t limit) {
  const std::string_view slice = out.unsent().substr(taken, limit);
  if (slice.empty()) return rest.substr(0, limit);
  if (taken + slice.size() < out.gathered) return slice;
  const std::size_t most = std::min(limit - slice.size(), out.space().size());
  const std::size_t borrowed = rest.copy(out.space().data(), most);
  return {slice.data(), slice.size() + borrowed};
}

// Writes close_notify behind the last byte, where it has to follow.
void close_session(TlsStream& s) {
  TlsBuffers buffers{.in = {}, .out = s.block.subspan(s.end)};
  if (buffers.out.size() < TlsSession::least_out) return;  // with the next send
  s.session->close(buffers);
  s.end = s.block.size() - buffers.out.size();
  s.closes = false;
}

// Encrypts gathered bytes and bytes of `rest` behind the encrypted ones, as many as fit. False: the
// session has failed.
bool encrypt(Connection& c, std::string_view& rest) {
  TlsStream& s = tls_of(c);
  Output& out = c.exchange->out;
  const std::size_t limit = record_limit(s, c.io.loop().now(), out.gathered + rest.size());
  std::size_t taken = 0;
  while (true) {
    const std::size_t free = s.block.size() - s.end;
    const std::string_view slice = next_slice(out, taken, rest, limit);
    const bool fits = slice.size() + TlsSession::record_overhead <= free;
    if (slice.empty() || (!fits && free < least_split)) break;
    TlsBuffers buffers{.in = {}, .out = s.block.subspan(s.end)};
    const std::size_t count = s.session->write(buffers, slice);
    s.end = s.block.size() - buffers.out.size();
    if (count == 0) return false;
    const std::size_t gathered = std::min(count, out.gathered - taken);
    taken += gathered;
    rest.remove_prefix(count - gathered);
    s.plain += count;
    s.since_pause += count;
  }
  out.gathered -= taken;
  if (taken > 0) std::memmove(out.block.data(), out.block.data() + taken, out.gathered);
  if (s.closes && out.gathered == 0 && rest.empty()) close_session(s);
  return true;
}

// Ends a connection whose peer has gone or is too slow, or for which there is no memory.
void break_off(Connection& c) {
  TlsStream& s = tls_of(c);
  Output& out = c.exchange->out;
  out.gathered = 0;
  out.pace.end();
  s.closes = false;
  release_block(c);
  c.open = false;
  c.io.stop();  // bytes of the stream are missing, so that nothing may be sent after them
  c.io.engine().reset_on_close(c.fd);
}

// As for plain connections (send.cc), by the encrypted bytes that the peer has acknowledged.
bool is_fast_enough(Connection& c) {
  if (!c.io.timed_out() || c.io.stopped()) return false;
  const std::uint64_t sent = tls_of(c).sent;
  const std::uint64_t unconfirmed = c.io.engine().unconfirmed_bytes(c.fd);
  return c.exchange->out.pace.check(c.io.loop().now(), sent - std::min(sent, unconfirmed),
                                    c.exchange->site->timeouts);
}

}  // namespace

bool has_unsent(const Connection& c, std::string_view rest) {
  const TlsStream& s = tls_of(c);
  return !s.unsent().empty() || !rest.empty() || s.closes ||
         (c.exchange && c.exchange->out.gathered > 0);
}

uring::Io::Pending send_encrypted(Connection& c, std::string_view& rest) {
  Exchange& x = *c.exchange;
  try {
    ensure_block(c);
    if (!encrypt(c, rest)) c.io.stop();
  } catch (const std::bad_alloc&) {
    c.io.stop();
  }
  c.io.set_deadline(x.out.pace.wait(c.io.loop().now(), x.site->timeouts));
  return c.io.send(c.fd, tls_of(c).unsent());
}

bool record_encrypted_sent(Connection& c, uring::Result result) {
  TlsStream& s = tls_of(c);
  Output& out = c.exchange->out;
  c.io.clear_deadline();
  s.begin += result.count();
  s.sent += result.count();
  const bool is_whole = s.begin == s.end && !c.io.stopped();
  const bool is_fine = is_whole || is_fast_enough(c);
  if (!is_fine) {
    if (c.io.timed_out() && !c.io.stopped()) c.worker.count_timeout(TimeoutKind::send);
    break_off(c);
  } else if (is_whole) {
    out.sent += std::exchange(s.plain, 0);
    out.pace.end();
    release_block(c);
  } else {
    c.io.renew();
  }
  if (!out.unlogged.empty()) log_responses(*c.exchange, c.worker, !is_fine);
  return is_fine;
}

// --- Without an exchange ---

bool write_close_notify(Connection& c) {
  TlsStream& s = tls_of(c);
  if (!s.session || !s.session->is_established()) return false;
  try {
    ensure_block(c);
  } catch (const std::bad_alloc&) {
    return false;
  }
  close_session(s);
  if (s.begin != s.end) return true;
  release_block(c);
  return false;
}

void record_written(Connection& c, uring::Result result) {
  TlsStream& s = tls_of(c);
  s.sent += result.count();
  if (result.count() < s.unsent().size()) c.open = false;
  release_block(c);
}

}  // namespace server
