// Receiving bodies. The bytes that arrive with the head and short bodies are copied from provided
// buffers; the rest of a long body is received into the block directly. A deadline bounds each
// wait, and the lowest average rate bounds the sum of the waits.
// Covered by tests/server/connection/receive_test.cc and tests/end_to_end/.
#include "apps/server/connection/receive.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "apps/server/connection/input.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/tls_stream.h"
#include "apps/server/connection/worker_state.h"

namespace server {

using http1::Progress;

namespace {

// Sets the deadline for the next bytes of the body of `request`, of which `delivered` bytes have
// arrived: body_ms from now, or earlier if the average rate would become too low. Of a body that is
// cut off, bytes still come for a moment that the kernels of both sides have on their way.
void set_body_deadline(uring::Io& io, const Timeouts& timeouts, const Request& request,
                       std::uint64_t delivered) {
  constexpr uring::Milliseconds most_silence_ms = 50;
  constexpr uring::Milliseconds most_cut_off_ms = 1000;
  const uring::Milliseconds spent = io.loop().now() - request.body_began_ms;
  uring::Milliseconds duration = timeouts.body_ms;
  if (request.is_cut_off) {
    duration = std::min(most_silence_ms, most_cut_off_ms - spent);
  } else if (timeouts.lowest_rate > 0) {
    const auto earned = static_cast<std::int64_t>(delivered / timeouts.lowest_rate * 1000);
    duration = std::min(duration, timeouts.body_ms + earned - spent);
  }
  io.set_deadline(std::max<uring::Milliseconds>(duration, 0));
}

Received decode(BodyReader& reader, char* bytes, std::size_t size, std::size_t& used) {
  const http1::ChunkedDecoder::Result result = reader.decode(bytes, size);
  used = result.used;
  return {.data = result.data,
          .progress = result.progress,
          .error = result.failure.error,
          .trailers = result.trailers};
}

// Whether it pays to end the multishot receive, so that the rest of the body is received into the
// block without a copy.
bool is_long(const BodyReader& reader) { return reader.expected() > 65536; }

// Copies unused bytes of the input into `space` and decodes them there.
Received take_arrived(Input& input, BodyReader& reader, std::span<char> space) {
  const std::string_view arrived = input.unused();
  const std::size_t count = std::min(arrived.size(), space.size());
  std::memcpy(space.data(), arrived.data(), count);
  std::size_t used = 0;
  const Received received = decode(reader, space.data(), count, used);
  input.begin += used;
  return received;
}

// Ends a body whose next bytes have not come.
Received nothing_received(const Connection& c) {
  const bool is_late = c.io.timed_out() && !c.io.stopped() && !c.exchange->request.is_cut_off;
  if (is_late) c.worker.count_timeout(TimeoutKind::body);
  return {.progress = Progress::failed, .broken = true};
}

// Counts received bytes of a body, in the form in which they were sent.
void count_body(const WorkerState& worker, std::size_t bytes) {
  if (worker.counters) worker.counters->request_bytes.add(bytes);
}

// Decodes unused bytes of the input as the next ones of the body.
Received take_and_count(Connection& c, BodyReader& reader, std::span<char> space) {
  Input& input = c.exchange->in;
  const std::size_t before = input.unused().size();
  const Received received = take_arrived(input, reader, space);
  count_body(c.worker, before - input.unused().size());
  return received;
}

// Decodes bytes that were decrypted into `target`. 0 bytes: `received` is unchanged. False: memory
// is exhausted, or the session has failed.
bool decrypt_body(Connection& c, BodyReader& reader, std::span<char> target, Received& received,
                  bool& has_bytes) {
  try {
    const std::size_t count = decrypt(c, target);
    has_bytes = count > 0;
    if (!has_bytes) return c.open;
    Input& in = c.exchange->in;
    std::size_t used = 0;
    received = decode(reader, target.data(), count, used);
    count_body(c.worker, used);
    keep_tail(in, {target.data() + used, count - used}, c.io.engine(), c.exchange->site->limits);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

uring::Task<Received> receive_encrypted_body(Connection& c, BodyReader& reader,
                                             std::span<char> space) {
  Exchange& x = *c.exchange;
  const std::span<char> target = space.first(reader.wanted(space.size()));
  while (true) {
    if (tls_of(c).has_input()) {
      Received received;
      bool has_bytes = false;
      if (!decrypt_body(c, reader, target, received, has_bytes)) co_return nothing_received(c);
      if (has_bytes) co_return received;
    }
    set_body_deadline(c.io, x.site->timeouts, x.request, reader.delivered());
    if (tls_of(c).unsent().size() >= crypto::TlsSession::least_out) {  // answers to key updates
      const uring::Result sent = co_await send_written(c);
      record_written(c, sent);
      if (!c.open) co_return nothing_received(c);
    }
    const uring::Result got = co_await receive_encrypted(c);
    const bool is_taken = take_encrypted(c, got);
    if (!is_taken && !c.starved) co_return nothing_received(c);
    if (is_taken) end_wait(c.io);
  }
}

uring::Task<Received> receive_plain(Connection& c, BodyReader& reader, std::size_t filled) {
  Exchange& x = *c.exchange;
  const std::span<char> space = x.out.block.subspan(filled);
  if (!x.in.unused().empty()) co_return take_and_count(c, reader, space);
  set_body_deadline(c.io, x.site->timeouts, x.request, reader.delivered());
  if (c.io.receives() && is_long(reader)) co_await c.io.end_receiving();
  if (c.io.receives() || c.io.has_received()) {
    const uring::Result got = co_await c.io.receive(c.fd);
    if (got.count() == 0) co_return nothing_received(c);
    end_wait(c.io);
    add_received(x.in, got, c.io.engine(), x.site->limits);
    co_return take_and_count(c, reader, space);
  }
  const std::span<char> target = space.first(reader.wanted(space.size()));
  const uring::Result got = co_await c.io.recv(c.fd, target);
  if (got.count() == 0) co_return nothing_received(c);
  end_wait(c.io);
  std::size_t used = 0;
  const Received received = decode(reader, target.data(), got.count(), used);
  count_body(c.worker, used);
  keep_tail(x.in, {target.data() + used, got.count() - used}, c.io.engine(), x.site->limits);
  co_return received;
}

}  // namespace

uring::Task<Received> receive_some(Connection& c, BodyReader& reader, std::size_t filled) {
  const bool is_plain = !c.is_tls || !c.exchange->in.unused().empty();
  if (is_plain) return receive_plain(c, reader, filled);
  return receive_encrypted_body(c, reader, c.exchange->out.block.subspan(filled));
}

uring::Task<bool> drop_body(Connection& c) {
  const bool sent = co_await flush(c);
  if (!sent) co_return false;
  Exchange& x = *c.exchange;
  x.request.body_began_ms = c.io.loop().now();
  BodyReader reader(x.request.head.body(), x.site->limits);
  Progress progress = Progress::more;
  while (progress == Progress::more) {
    const Received received = co_await receive_some(c, reader, 0);
    progress = received.progress;
  }
  co_return progress == Progress::done;
}

}  // namespace server
