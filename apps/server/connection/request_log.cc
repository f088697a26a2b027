// From exchanges to lines. Covered by tests/server/connection/connection_test.cc.
#include "apps/server/connection/request_log.h"

#include <algorithm>
#include <string>

#include "apps/server/log/head_log.h"

namespace server {

namespace {

LogRecord record_of(const Connection& c, int status) {
  const http1::RequestHead& head = c.exchange->request.head;
  LogRecord record{.remote = c.exchange->remote.data(), .time = c.worker.clock.seconds()};
  record.status = status;
  if (head.size() == 0) return record;  // no valid head: nothing of it is trusted
  record.method = head.method_text();
  record.target = head.target();
  record.protocol = http1::text_of(head.version());
  record.referer = head.value_of(http1::FieldName::referer);
  record.user_agent = head.value_of(http1::FieldName::user_agent);
  return record;
}

}  // namespace

void record_for_log(Connection& c, int status, std::size_t head, std::uint64_t body) {
  Output& out = c.exchange->out;
  out.answered.push_back({.record = record_of(c, status),
                          .body_begin = out.queued + head,
                          .end = out.queued + head + body,
                          .began_us = c.exchange->request.began_us});
}

void log_answered(Connection& c, bool aborted) {
  Output& out = c.exchange->out;
  if (out.answered.empty()) return;
  std::size_t done = 0;
  const std::int64_t now_us = c.worker.log_time_us();
  for (Answered& answered : out.answered) {
    const bool is_whole = answered.end <= out.sent;
    if (!is_whole && !aborted) break;
    ++done;
    if (!c.worker.shared.access_log) continue;
    const std::uint64_t sent = std::clamp(out.sent, answered.body_begin, answered.end);
    answered.record.bytes = sent - answered.body_begin;
    answered.record.aborted = !is_whole;
    answered.record.duration_us = now_us - answered.began_us;
    c.worker.shared.access_log->append(answered.record);
  }
  out.answered.erase(out.answered.begin(),
                     out.answered.begin() + static_cast<std::ptrdiff_t>(done));
}

void log_heads(const Connection& c, std::string_view response) {
  if (!c.worker.shared.head_log) return;
  std::string text;
  format_heads(c.exchange->remote.data(), c.exchange->request.head, response, text);
  c.worker.shared.head_log->append_text(text);
}

}  // namespace server
