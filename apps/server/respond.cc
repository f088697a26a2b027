// Answers gather in the exchange's block, heads and bodies one behind the other, and leave in one
// send; a large body leaves in pieces (content.cc).
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#include "apps/server/respond.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "apps/server/content.h"
#include "apps/server/receive.h"
#include "apps/server/service.h"
#include "parser/error.h"

namespace server {

using http1::BodyKind;

int status_of(uring::Fault fault) {
  switch (fault) {
    case uring::Fault::not_found: return 404;
    case uring::Fault::outside:
    case uring::Fault::not_allowed: return 403;
    case uring::Fault::bad_name: return 404;
    case uring::Fault::not_directory: return 404;
    case uring::Fault::exists:
    case uring::Fault::is_directory:
    case uring::Fault::not_empty: return 409;
    case uring::Fault::no_space: return 507;
    case uring::Fault::too_large: return 413;
    case uring::Fault::out_of_descriptors:
    case uring::Fault::out_of_memory:
    case uring::Fault::try_again: return 503;
    default: return 500;
  }
}

void answer(Connection& c, int status, std::string_view explanation) {
  Exchange& x = *c.exchange;
  x.plan = plan_text(x.head, status, explanation, x.text_room);
  if (status == 405) x.plan.allow = allowed_methods(c.service.config.site.writable);
  if (status == 503) x.plan.keep_alive = false;
  if (x.head.method() == http1::Method::connect) x.plan.keep_alive = false;
}

void answer(Connection& c, uring::Fault fault) {
  answer(c, status_of(fault), uring::describe(fault));
}

void close_after_answer(Connection& c) {
  c.exchange->plan.keep_alive = false;
  c.lingers = true;
}

void refuse_head(Connection& c) {
  const http1::Error error = c.exchange->head.failure().error;
  answer(c, http1::status_of(error), http1::describe(error));
  close_after_answer(c);
}

namespace {

// A body that nobody took is read and dropped where that is cheap; else the connection ends. A
// client that expects something first may or may not send it: nobody can tell, so it ends too.
bool must_drop_body(Connection& c) {
  Exchange& x = *c.exchange;
  if (x.body_taken || x.head.body().kind == BodyKind::none) return false;
  const bool small = x.head.body().length <= most_dropped_bytes;
  const bool waits = x.head.expectation() != http1::Expectation::none;
  if (x.plan.keep_alive && small && !waits) return true;
  close_after_answer(c);
  return false;
}

LogRecord record_of(const Connection& c, int status) {
  const http1::RequestHead& head = c.exchange->head;
  LogRecord record{.remote = c.exchange->remote.data(), .time = c.service.clock.seconds()};
  record.status = status;
  if (head.size() == 0) return record;  // no valid head: nothing of it is trusted
  record.method = head.method_text();
  record.target = head.target();
  record.protocol = http1::text_of(head.version());
  record.referer = head.value_of(http1::FieldName::referer);
  record.user_agent = head.value_of(http1::FieldName::user_agent);
  return record;
}

// What the operator adds to every answer.
void add_fields(Connection& c) {
  Plan& plan = c.exchange->plan;
  plan.extra_fields = &c.service.config.site.extra_fields;
  plan.cors = judge_origin(c.exchange->head, c.service.config.site.extra_fields);
}

}  // namespace

void gather_head(Connection& c) {
  Exchange& x = *c.exchange;
  c.service.clock.now();  // a file that was just written is not of the future
  add_fields(c);
  const std::span<char> room = x.block.subspan(x.gathered);
  const std::size_t size = write_head(x.plan, c.service.clock, room);
  c.service.log_heads(c, {room.data(), size});
  const bool sends_body = !x.plan.head_only && x.plan.content != Content::none;
  x.gathered += size;
  note_answer(c, x.plan.status, size, sends_body ? x.plan.length : 0);
}

void note_for_log(Connection& c, int status, std::size_t head, std::uint64_t body) {
  Exchange& x = *c.exchange;
  x.answered.push_back({.record = record_of(c, status),
                        .body_begin = x.queued + head,
                        .end = x.queued + head + body,
                        .began_us = x.began_us});
}

namespace {

// Where an answer begins, so that it can be taken back while nothing of it has left.
struct Mark {
  std::size_t answered;
  std::size_t gathered;
  std::uint64_t queued;
  std::uint64_t sent;
};

// The file could not be read to its end. Says so instead, or ends the connection in mid-answer.
// True: there is another answer to gather.
bool answer_unread(Connection& c, const Mark& mark, uring::Fault fault) {
  Exchange& x = *c.exchange;
  if (!c.open || x.sent != mark.sent) {
    c.open = false;
    return false;
  }
  x.answered.erase(x.answered.begin() + static_cast<std::ptrdiff_t>(mark.answered),
                   x.answered.end());
  x.gathered = mark.gathered;
  x.queued = mark.queued;
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
  // What follows a request that closes the connection is dropped (RFC 9112 9.6).
  if (!c.open && !x.input.unused().empty()) c.lingers = true;
  x.head.reset();
  x.plan = Plan{};
  x.listing.reset();
  x.body_taken = false;
  c.service.begin_request(x);
}

uring::Task<> respond(Connection& c) {
  Exchange& x = *c.exchange;
  const std::uint32_t most = c.service.config.site.max_requests;
  const bool is_last = ++c.requests == most;  // with 0 as the most: after four billion
  if (c.service.draining || is_last) x.plan.keep_alive = false;
  const bool drops_body = must_drop_body(c);
  if (x.block.size() - x.gathered < head_room) co_await flush(c);
  const Mark mark{
      .answered = x.answered.size(), .gathered = x.gathered, .queued = x.queued, .sent = x.sent};
  gather_head(c);
  if (x.plan.content != Content::none && !x.plan.head_only) {
    const uring::Fault fault = co_await gather_content(c);
    const bool instead = fault != uring::Fault::none && answer_unread(c, mark, fault);
    if (instead) co_await gather_content(c);
  }
  close_content(c);
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
