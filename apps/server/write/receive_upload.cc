// Receiving and writing. Covered by tests/server/write/put_test.cc and
// tests/end_to_end/put_test.cc.
#include "apps/server/write/receive_upload.h"

#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/receive.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/upload_answer.h"
#include "apps/server/write/answer_upload.h"
#include "apps/server/write/space.h"

namespace server {

using uring::Fault;

uring::Task<bool> clear_block(Connection& c) {
  const bool sent = co_await flush(c);
  if (!sent) answer(c, 400, "the body ended short");
  co_return sent;
}

uring::Task<bool> send_continue(Connection& c) {
  Exchange& x = *c.exchange;
  const bool has_body = x.request.head.body().kind != http1::BodyKind::none;
  if (!has_body || !x.request.head.expects_continue() || !x.in.unused().empty()) co_return true;
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  x.out.gathered = go_on.copy(x.out.block.data(), go_on.size());
  x.out.queued += x.out.gathered;
  const bool sent = co_await flush(c);
  co_return sent;
}

Receiving begin_receiving(Connection& c) {
  Exchange& x = *c.exchange;
  x.request.body_began_ms = c.io.loop().now();
  const http1::Body body = x.request.head.body();
  return {.reader = BodyReader(body, x.site->limits), .done = body.kind == http1::BodyKind::none};
}

namespace {

// Says whether the bytes announced so far exceed a limit, and plans that response.
bool refuse_excess(Connection& c, const Upload& upload, const BodyReader& reader) {
  const std::uint64_t most = c.exchange->site->max_body;
  if (most > 0 && upload.bytes_before + reader.announced() > most) {
    refuse_body(c, 413, "the body is larger than --max-body allows");
    return true;
  }
  if (reader.announced() > upload.most_bytes) {
    answer_problem(c, 400, inconsistent_length_problem);
    close_after_answer(c);
    return true;
  }
  if (reader.announced() > upload.terms.body_size.value_or(http1::max_length)) {
    refuse_body(c, 400, "the body is longer than Content-Range says");
    return true;
  }
  return false;
}

// The bytes of an announced chunk for which there has to be space; 0 if that was checked already. A
// chunk that fits into the block is written soon; the write then finds out.
std::uint64_t unchecked_bytes(const Connection& c, Receiving& body) {
  const std::uint64_t announced = body.reader.announced();
  const bool is_known = announced == body.checked;  // begin() has checked a Content-Length
  const bool is_chunked = c.exchange->request.head.body().kind == http1::BodyKind::chunked;
  if (is_known || !is_chunked) return 0;
  body.checked = announced;
  const std::uint64_t unwritten = announced - body.reader.delivered() + body.filled;
  return unwritten > c.exchange->out.block.size() ? unwritten : 0;
}

}  // namespace

uring::Task<bool> fill_block(Connection& c, const Upload& upload, Receiving& body) {
  while (!body.done && body.filled < c.exchange->out.block.size()) {
    const Received received = co_await receive_some(c, body.reader, body.filled);
    if (received.progress == http1::Progress::failed) {
      answer_broken(c, received);
      co_return false;
    }
    if (refuse_excess(c, upload, body.reader)) co_return false;
    if (!body.trailers.add(received.trailers)) {
      refuse_body(c, Fault::out_of_memory);
      co_return false;
    }
    body.filled += received.data;
    body.done = received.progress == http1::Progress::done;
    const std::uint64_t unchecked = unchecked_bytes(c, body);
    if (unchecked == 0) continue;
    const bool has_space = co_await finds_space(c, upload.target.directory, unchecked);
    if (!has_space) {
      refuse_body(c, Fault::no_space);
      co_return false;
    }
  }
  const std::uint64_t delivered = body.reader.delivered();
  if (body.done && delivered != upload.terms.body_size.value_or(delivered)) {
    answer(c, 400, "the body is shorter than Content-Range says");
    co_return false;
  }
  if (body.done && delivered != upload.exact_bytes.value_or(delivered)) {
    answer_problem(c, 400, inconsistent_length_problem);
    co_return false;
  }
  co_return true;
}

uring::Task<bool> write_block(Connection& c, Upload& upload, std::size_t filled) {
  const std::string_view bytes(c.exchange->out.block.data(), filled);
  const Fault fault = co_await write_bytes(c, upload, bytes);
  if (fault != Fault::none) refuse_body(c, fault);
  co_return fault == Fault::none;
}

uring::Task<bool> receive_upload(Connection& c, Upload& upload) {
  Receiving body = begin_receiving(c);
  do {
    body.filled = 0;
    const bool filled = co_await fill_block(c, upload, body);
    if (!filled) co_return false;
    const bool written = co_await write_block(c, upload, body.filled);
    if (!written) co_return false;
  } while (!body.done);
  upload.trailers = std::move(body.trailers);
  co_return true;
}

}  // namespace server
