// Records, lines and counts of requests. Covered by tests/server/connection/request_log_test.cc.
#include "apps/server/connection/request_log.h"

#include <algorithm>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "apps/server/log/head_log.h"
#include "apps/server/plan/request_id.h"

namespace server {

namespace {

// Adds the trace of the request. Requests have it if they have ids, so that others are not
// searched.
void record_trace(const http1::RequestHead& head, LogRecord& record) {
  const std::optional<TraceParent> parent = parse_traceparent(unknown_field(head, "traceparent"));
  if (!parent) return;
  record.trace_id = parent->trace_id;
  record.parent_id = parent->parent_id;
}

LogRecord record_of(const Exchange& x, std::int64_t seconds, int status) {
  const http1::RequestHead& head = x.request.head;
  LogRecord record{.remote = x.remote.data(), .peer = x.peer.data()};
  record.request_id = x.plan.request_id;
  record.user = x.request.user;
  record.time = seconds;
  record.status = status;
  // A response without a plan is one with a cached head, which keeps the connection.
  record.closes = x.plan.status != 0 && !x.plan.keep_alive;
  if (head.size() == 0) {  // the head is not valid or not complete
    record.refused_line = refused_line(x.in.unused());
    return record;
  }
  record.method = head.method_text();
  record.target = head.target();
  record.protocol = http1::text_of(head.version());
  record.referer = head.value_of(http1::FieldName::referer);
  record.user_agent = head.value_of(http1::FieldName::user_agent);
  if (!record.request_id.empty()) record_trace(head, record);
  return record;
}

// Adds the values of the fields that a custom format contains. Returns their number; 0 if memory is
// exhausted. After the first call for a format it allocates nothing.
std::size_t record_fields(Exchange& x, const LogFormat& format) {
  const std::size_t count = format.fields().size();
  if (count == 0) return 0;
  try {
    x.out.logged_fields.reserve(Output::most_unlogged * count);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  const http1::RequestHead& head = x.request.head;
  for (const LogField& field : format.fields()) {
    x.out.logged_fields.push_back(head.size() == 0 ? std::string_view() : value_of(head, field));
  }
  return count;
}

std::ptrdiff_t distance(std::size_t count) { return static_cast<std::ptrdiff_t>(count); }

}  // namespace

void record_response(Connection& c, int status, std::size_t head, std::uint64_t body) {
  Exchange& x = *c.exchange;
  Output& out = x.out;
  UnloggedResponse& response = out.unlogged.emplace_back();
  response.is_logged = x.live->generation->logs_requests;
  response.record.status = status;
  const bool is_valid = x.request.head.size() > 0;
  response.method = is_valid ? label_of(x.request.head.method()) : MethodLabel::other;
  response.head_bytes = static_cast<std::uint32_t>(x.request.head.size());
  response.begin = out.queued;
  response.body_begin = out.queued + head;
  response.end = out.queued + head + body;
  response.began_us = x.request.began_us;
  if (!response.is_logged) return;
  response.record = record_of(x, c.worker.clock.seconds(), status);
  response.fields = record_fields(x, *x.live->generation->log_format);
}

namespace {

// Counts the first byte of a response, once.
void count_begin(WorkerCounters& counters, UnloggedResponse& response, std::int64_t now_us) {
  if (std::exchange(response.has_begun, true)) return;
  counters.first_bytes.record(now_us - response.began_us);
}

// Counts a response that was sent or has failed. `sent`: the bytes of the connection so far.
void count_response(WorkerCounters& counters, const UnloggedResponse& response, std::uint64_t sent,
                    std::int64_t now_us) {
  counters.count_response(response.method, response.record.status, now_us - response.began_us);
  counters.request_bytes.add(response.head_bytes);
  counters.response_bytes.add(std::clamp(sent, response.begin, response.end) - response.begin);
}

}  // namespace

void log_responses(Exchange& x, WorkerState& worker, bool aborted) {
  Output& out = x.out;
  if (out.unlogged.empty()) return;
  std::size_t done = 0;
  const std::int64_t now_us = worker.end_time_us(out.unlogged.front().began_us);
  std::size_t fields = 0;  // of the responses that are done
  for (UnloggedResponse& response : out.unlogged) {
    const bool is_whole = response.end <= out.sent;
    if (worker.counters && out.sent > response.begin)
      count_begin(*worker.counters, response, now_us);
    if (!is_whole && !aborted) break;
    ++done;
    if (worker.counters) count_response(*worker.counters, response, out.sent, now_us);
    if (!response.is_logged) continue;
    const std::uint64_t sent = std::min(out.sent, response.end);
    response.record.bytes = std::max(sent, response.body_begin) - response.body_begin;
    response.record.sent_bytes = std::max(sent, response.begin) - response.begin;
    response.record.aborted = !is_whole;
    // 0: without a log of durations then or now.
    const bool is_timed = now_us > 0 && response.began_us > 0;
    response.record.duration_us = is_timed ? now_us - response.began_us : 0;
    response.record.fields = std::span(out.logged_fields).subspan(fields, response.fields);
    fields += response.fields;
    worker.shared.access_log->append(response.record, x.live->generation->log_format.get());
  }
  out.logged_fields.erase(out.logged_fields.begin(), out.logged_fields.begin() + distance(fields));
  out.unlogged.erase(out.unlogged.begin(), out.unlogged.begin() + distance(done));
}

void drop_records(Output& out, std::size_t kept) {
  if (out.unlogged.size() == kept) return;
  std::size_t fields = 0;
  for (std::size_t i = 0; i < kept; ++i) fields += out.unlogged[i].fields;
  out.logged_fields.erase(out.logged_fields.begin() + distance(fields), out.logged_fields.end());
  out.unlogged.erase(out.unlogged.begin() + distance(kept), out.unlogged.end());
}

void log_heads(AccessLog& log, const Exchange& x, std::string_view response) {
  try {
    std::string text;
    const http1::RequestHead& head = x.request.head;
    const std::string_view line = head.size() == 0 ? refused_line(x.in.unused()) : "";
    format_heads(x.remote.data(), head, line, response, text);
    log.append_text(text);
  } catch (const std::bad_alloc&) {
    log.append_text("* (no memory for the heads of a request)\n");
  }
}

}  // namespace server
