// Receiving bodies: what comes with the head and a little more in provided buffers, the rest of a
// long one straight into the block. Deadlines bound each wait; a lowest average rate bounds their
// sum. Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#include "apps/server/connection/receive.h"

#include <algorithm>
#include <cstring>

#include "apps/server/connection/input.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/worker_state.h"

namespace server {

using http1::Progress;

namespace {

// The peer has the usual time for its next bytes, unless its average since `began_ms` is too low.
void allow_receive(Connection& c, std::uint64_t delivered) {
  const Timeouts& timeouts = c.exchange->site->timeouts;
  uring::Milliseconds duration = timeouts.body_ms;
  if (timeouts.lowest_rate > 0) {
    const auto earned = static_cast<std::int64_t>(delivered / timeouts.lowest_rate * 1000);
    const uring::Milliseconds spent = c.io.loop().now() - c.exchange->request.body_began_ms;
    duration = std::min(duration, timeouts.body_ms + earned - spent);
  }
  c.io.set_deadline(std::max<uring::Milliseconds>(duration, 0));
}

Received decode(BodyReader& reader, char* bytes, std::size_t size, std::size_t& used) {
  const http1::ChunkedDecoder::Result result = reader.decode(bytes, size);
  used = result.used;
  return {.data = result.data, .progress = result.progress, .error = result.failure.error};
}

// Bytes in provided buffers have to be copied: what arrives with a head, and short bodies. From a
// long body it is worth the while to end the receive that goes on by itself.
bool is_long(const BodyReader& reader) { return reader.expected() > 65536; }

// Takes from what has arrived.
Received take_arrived(Connection& c, BodyReader& reader, std::span<char> room) {
  Input& input = c.exchange->in;
  const std::string_view arrived = input.unused();
  const std::size_t count = std::min(arrived.size(), room.size());
  std::memcpy(room.data(), arrived.data(), count);
  std::size_t used = 0;
  const Received received = decode(reader, room.data(), count, used);
  input.begin += used;
  return received;
}

constexpr Received nothing_came{.progress = Progress::failed, .broken = true};

}  // namespace

uring::Task<Received> receive_some(Connection& c, BodyReader& reader, std::size_t filled) {
  Exchange& x = *c.exchange;
  const std::span<char> room = x.out.block.subspan(filled);
  if (!x.in.unused().empty()) co_return take_arrived(c, reader, room);
  allow_receive(c, reader.delivered());
  if (c.io.receives() && is_long(reader)) co_await c.io.end_receiving();
  if (c.io.receives() || c.io.has_received()) {
    const uring::Result got = co_await c.io.receive(c.fd);
    if (got.count() == 0) co_return nothing_came;
    end_wait(c);
    add_received(x.in, got, c.io.engine(), x.site->limits);
    co_return take_arrived(c, reader, room);
  }
  const std::span<char> target = room.first(reader.wanted(room.size()));
  const uring::Result got = co_await c.io.recv(c.fd, target);
  if (got.count() == 0) co_return nothing_came;
  end_wait(c);
  std::size_t used = 0;
  const Received received = decode(reader, target.data(), got.count(), used);
  keep_tail(x.in, {target.data() + used, got.count() - used}, c.io.engine(), x.site->limits);
  co_return received;
}

uring::Task<bool> drop_body(Connection& c) {
  const bool sent = co_await flush(c);
  if (!sent) co_return false;
  Exchange& x = *c.exchange;
  x.request.body_began_ms = c.io.loop().now();
  BodyReader reader(x.request.head.body(), c.exchange->site->limits);
  while (reader.delivered() <= most_dropped_bytes) {
    const Received received = co_await receive_some(c, reader, 0);
    if (received.progress == Progress::done) co_return true;
    if (received.progress == Progress::failed) co_return false;
  }
  co_return false;
}

}  // namespace server
