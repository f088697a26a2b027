// The length of each chunk is gathered in the block, and its bytes are sent behind it without a
// copy. Until the end is known, the response counts as endless, so that it is logged when it has
// ended. Covered by tests/server/archive/answer_archive_test.cc and
// tests/end_to_end/archive_test.cc.
#include "apps/server/connection/stream_content.h"

#include <array>
#include <cassert>
#include <charconv>
#include <memory>
#include <utility>

#include "apps/server/connection/send.h"
#include "apps/server/connection/streamed.h"
#include "apps/server/connection/worker_state.h"

namespace server {

using uring::Fault;

namespace {

// The space for the end of a chunk and the begin of the next one.
constexpr std::size_t most_frame_bytes = 32;

// The most bytes in one send, after which other connections are served. A step may make more: the
// end of a zip names all of its files.
constexpr std::size_t most_piece_bytes = 256 * 1024;

// Gathers the line in front of a chunk of `size` bytes. RFC 9112 section 7.1.
void begin_chunk(Output& out, std::size_t size) {
  std::array<char, 18> line{};
  char* const end = std::to_chars(line.data(), line.data() + 16, size, 16).ptr;
  out.append({line.data(), static_cast<std::size_t>(end - line.data())});
  out.append("\r\n");
}

// Sets the end of the response, now that it is known, to that of the bytes gathered so far.
void set_end(Exchange& x) {
  x.out.queued = x.out.sent + x.out.gathered;
  if (x.live->records_responses && !x.out.unlogged.empty()) {
    x.out.unlogged.back().end = x.out.queued;
  }
}

// Makes the next bytes. False: no thread is free.
uring::Task<bool> make_step(Connection& c, Streamed& stream) {
  if (uring::WorkThreads* const pool = stream.pool()) {
    const bool was_run = co_await uring::run_on(c.io, *pool, stream);
    co_return was_run;
  }
  stream.run();
  co_await c.io.yield();
  co_return true;
}

// Sends the bytes of the last step, in a chunk if the client understands that. False: the
// connection is broken.
uring::Task<bool> send_step(Connection& c, const Streamed& stream) {
  Output& out = c.exchange->out;
  std::string_view bytes = stream.made();
  const bool is_chunked = c.exchange->plan.is_chunked;
  if (out.space().size() < most_frame_bytes) {
    const bool is_fine = co_await flush(c);
    if (!is_fine) co_return false;
  }
  if (is_chunked) begin_chunk(out, bytes.size());
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, most_piece_bytes);
    const bool is_fine = co_await flush_with(c, piece);
    if (!is_fine) co_return false;
    bytes.remove_prefix(piece.size());
  }
  if (is_chunked) out.append("\r\n");
  co_return true;
}

uring::Task<Fault> send_all_steps(Connection& c, Streamed& stream) {
  while (stream.state() == Streamed::State::more) {
    const bool was_run = co_await make_step(c, stream);
    if (!was_run) co_return Fault::try_again;
    if (stream.state() == Streamed::State::failed) co_return Fault::device_error;
    if (c.io.stopped()) co_return Fault::peer_gone;
    if (stream.made().empty()) continue;
    const bool is_fine = co_await send_step(c, stream);
    if (!is_fine) co_return Fault::peer_gone;
  }
  co_return Fault::none;
}

}  // namespace

uring::Task<Fault> gather_streamed(Connection& c) {
  Exchange& x = *c.exchange;
  const std::unique_ptr<Streamed> stream = std::move(x.source.streamed);
  assert(stream);
  const std::uint64_t sent_before = x.out.sent;
  const Fault fault = co_await send_all_steps(c, *stream);
  stream->end(fault == Fault::none);
  if (fault == Fault::none) {
    if (x.plan.is_chunked) {
      // The block has space: at most the end of a chunk is gathered behind a step.
      x.out.append("0\r\n\r\n");
    }
    set_end(x);
  } else if (x.out.sent != sent_before) {
    // An end of the connection in order would be the end of the content for HTTP/1.0.
    c.io.engine().reset_on_close(c.fd);
  }
  co_return fault;
}

}  // namespace server
