// Responses gather in the exchange's block, heads and bodies one behind the other, and leave in one
// send; a large body leaves in pieces (content.cc).
// Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#include "apps/server/connection/respond.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/content.h"
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

// A body that was not received is read and dropped where that is cheap; else the connection ends. A
// client with an Expect field may or may not send its body, which cannot be told apart: the
// connection ends, too.
bool must_drop_body(Connection& c) {
  Exchange& x = *c.exchange;
  if (x.request.body_taken || x.request.head.body().kind == BodyKind::none) return false;
  const bool small = x.request.head.body().length <= most_dropped_bytes;
  const bool waits = x.request.head.expectation() != http1::Expectation::none;
  if (x.plan.keep_alive && small && !waits) return true;
  close_after_answer(c);
  return false;
}

// Adds the fields of --header and --cors.
void add_fields(Connection& c) {
  Plan& plan = c.exchange->plan;
  plan.extra_fields = &c.exchange->site->extra_fields;
  plan.cors = judge_origin(c.exchange->request.head, c.exchange->site->extra_fields);
}

}  // namespace

void gather_head(Connection& c) {
  Exchange& x = *c.exchange;
  c.worker.clock.now();  // a file that was just written is not of the future
  add_fields(c);
  const HeadTime time{.seconds = c.worker.clock.seconds(), .date = c.worker.clock.date()};
  const std::span<char> space = x.out.space();
  const std::size_t size = write_head(x.plan, time, space);
  log_heads(c, {space.data(), size});
  const bool sends_body = !x.plan.head_only && x.plan.content != Content::none;
  x.out.gathered += size;
  queue_response(c, x.plan.status, size, sends_body ? x.plan.length : 0);
}

namespace {

// Where a response begins, so that it can be taken back while nothing of it has left.
struct Mark {
  std::size_t answered;
  std::size_t gathered;
  std::uint64_t queued;
  std::uint64_t sent;
};

// The file could not be read to its end. Gathers the head of an error instead, or ends the
// connection in the middle of the response. True: the content of the error is to be gathered.
bool answer_unread(Connection& c, const Mark& mark, uring::Fault fault) {
  Exchange& x = *c.exchange;
  if (!c.open || x.out.sent != mark.sent) {
    c.open = false;
    return false;
  }
  x.out.answered.erase(x.out.answered.begin() + static_cast<std::ptrdiff_t>(mark.answered),
                       x.out.answered.end());
  x.out.gathered = mark.gathered;
  x.out.queued = mark.queued;
  const bool keep_alive = x.plan.keep_alive;
  answer(c, fault);
  x.plan.keep_alive = x.plan.keep_alive && keep_alive;
  gather_head(c);
  return true;
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
  c.worker.begin_request(c);
}

uring::Task<> respond(Connection& c) {
  Exchange& x = *c.exchange;
  const std::uint32_t most = x.site->max_requests;
  const bool is_last = ++c.requests == most;  // with 0 as the most: after four billion
  if (c.worker.draining || is_last) x.plan.keep_alive = false;
  const bool drops_body = must_drop_body(c);
  if (x.out.space().size() < head_space) co_await flush(c);
  const Mark mark{.answered = x.out.answered.size(),
                  .gathered = x.out.gathered,
                  .queued = x.out.queued,
                  .sent = x.out.sent};
  gather_head(c);
  if (x.plan.content != Content::none && !x.plan.head_only) {
    const uring::Fault fault = co_await gather_content(c);
    const bool instead = fault != uring::Fault::none && answer_unread(c, mark, fault);
    if (instead) co_await gather_content(c);
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
