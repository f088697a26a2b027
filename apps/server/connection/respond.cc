// Responses are gathered in the exchange's block, heads and bodies one behind the other, and sent
// together; a large body is sent in pieces (content.cc).
// Covered by tests/server/connection/respond_test.cc and tests/end_to_end/.
#include "apps/server/connection/respond.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/content.h"
#include "apps/server/connection/identify.h"
#include "apps/server/connection/receive.h"
#include "apps/server/connection/request_log.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/cors.h"
#include "apps/server/plan/head.h"
#include "parser/error.h"

namespace server {

using http1::BodyKind;

namespace {

// Whether to receive and drop the body of the request, if it was not received. This function alone
// decides whether the connection survives an unwanted body: it returns true, or the response says
// "Connection: close". The connection ends if Content-Length announces a large body. A body in
// chunks, whose size is not known when the response begins, is dropped to its end. A client that
// sent an Expect field may or may not send its body, which the server cannot distinguish, so that
// the connection ends as well.
bool must_drop_body(Connection& c) {
  Exchange& x = *c.exchange;
  const http1::Body body = x.request.head.body();
  if (x.request.body_taken || body.kind == BodyKind::none) return false;
  const bool is_droppable = body.kind == BodyKind::chunked || body.length <= most_dropped_bytes;
  const bool has_expectation = x.request.head.expectation() != http1::Expectation::none;
  if (x.plan.keep_alive && is_droppable && !has_expectation) return true;
  close_after_answer(c);
  return false;
}

// Adds the fields of --header and --cors to the plan.
void add_fields(Exchange& x) {
  x.plan.extra_fields = &x.site->extra_fields;
  x.plan.cors = judge_origin(x.request.head, x.site->extra_fields);
}

}  // namespace

void gather_head(Connection& c) {
  Exchange& x = *c.exchange;
  c.worker.clock.now();  // so that Date is not before the Last-Modified of a file just written
  add_fields(x);
  if (x.live->generation->gives_request_ids) identify_request(c);
  const HeadTime time{.seconds = c.worker.clock.seconds(), .date = c.worker.clock.date()};
  const std::span<char> space = x.out.space();
  const std::size_t size = write_head(x.plan, time, space);
  assert(size > 0);  // the caller has sent as much as the bound of the plan needs
  if (x.live->generation->logs_heads) log_heads(*c.worker.shared.head_log, x, {space.data(), size});
  const bool sends_body = !x.plan.head_only && x.plan.content != Content::none;
  x.out.gathered += size;
  queue_response(c, x.plan.status, size, sends_body ? x.plan.length : 0);
}

namespace {

// The state of an Output before a response, to which it returns if the response fails before its
// first byte was sent.
struct Mark {
  std::size_t unlogged;
  std::size_t gathered;
  std::uint64_t queued;
  std::uint64_t sent;
};

// Handles a file that could not be read to its end: replaces the response by an error if nothing of
// it was sent, else ends the connection within the response. True: the head of the error was
// gathered, and the caller has to gather its content.
bool replace_response(Connection& c, const Mark& mark, uring::Fault fault) {
  Exchange& x = *c.exchange;
  if (!c.open || x.out.sent != mark.sent) {
    c.open = false;
    return false;
  }
  drop_records(x.out, mark.unlogged);
  x.out.gathered = mark.gathered;
  x.out.queued = mark.queued;
  const bool keep_alive = x.plan.keep_alive;
  answer(c, fault);
  x.plan.keep_alive = x.plan.keep_alive && keep_alive;
  gather_head(c);
  return true;
}

// Changes the plan of a response whose Location does not fit into the block, which is possible for
// a small block and a large --max-target. RFC 9110 section 15.3.2: without Location, a 201 is about
// the target of the request.
void fit_head(Connection& c) {
  Exchange& x = *c.exchange;
  if (most_head_bytes(x.plan) <= x.out.block.size()) return;
  if (x.plan.status == 201)
    x.plan.location = {};
  else
    answer(c, 503);
}

}  // namespace

void finish(Connection& c) {
  Exchange& x = *c.exchange;
  c.open = c.open && x.plan.keep_alive;
  // Bytes behind a request that closes the connection are dropped (RFC 9112 section 9.6).
  if (!c.open && !x.in.unused().empty()) c.lingers = true;
  x.request.head.reset();
  x.plan = Plan{};
  x.source.generated.reset();
  x.scratch.end_plan();
  x.request.body_taken = false;
  x.request.is_cut_off = false;
  x.request.user = {};
  c.worker.begin_request(c);
}

uring::Task<> respond(Connection& c) {
  Exchange& x = *c.exchange;
  const std::uint32_t most = x.site->max_requests;
  const bool is_last = ++c.requests == most;  // 0 means no limit, but for the wrap of `requests`
  if (c.worker.draining || is_last) x.plan.keep_alive = false;
  const bool drops_body = must_drop_body(c);
  fit_head(c);
  if (x.out.space().size() < most_head_bytes(x.plan)) co_await flush(c);
  const Mark mark{.unlogged = x.out.unlogged.size(),
                  .gathered = x.out.gathered,
                  .queued = x.out.queued,
                  .sent = x.out.sent};
  gather_head(c);
  if (x.plan.content != Content::none && !x.plan.head_only) {
    const uring::Fault fault = co_await gather_content(c);
    const bool is_replaced = fault != uring::Fault::none && replace_response(c, mark, fault);
    if (is_replaced) co_await gather_content(c);
  }
  close_source(c);
  if (drops_body) {
    const bool dropped = co_await drop_body(c);
    if (!dropped) {
      c.open = false;
      c.lingers = true;
    }
  }
  finish(c);
}

}  // namespace server
