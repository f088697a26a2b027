// Records and lines of requests. Covered by tests/server/connection/request_log_test.cc.
#include "apps/server/connection/request_log.h"

#include <algorithm>
#include <new>
#include <string>

#include "apps/server/log/head_log.h"

namespace server {

namespace {

LogRecord record_of(const Exchange& x, std::int64_t seconds, int status) {
  const http1::RequestHead& head = x.request.head;
  LogRecord record{.remote = x.remote.data(), .time = seconds};
  record.status = status;
  if (head.size() == 0) {  // the head is not valid or not complete
    record.refused_line = refused_line(x.in.unused());
    return record;
  }
  record.method = head.method_text();
  record.target = head.target();
  record.protocol = http1::text_of(head.version());
  record.referer = head.value_of(http1::FieldName::referer);
  record.user_agent = head.value_of(http1::FieldName::user_agent);
  return record;
}

}  // namespace

void record_for_log(Exchange& x, std::int64_t seconds, int status, std::size_t head,
                    std::uint64_t body) {
  Output& out = x.out;
  out.unlogged.push_back({.record = record_of(x, seconds, status),
                          .body_begin = out.queued + head,
                          .end = out.queued + head + body,
                          .began_us = x.request.began_us});
}

void log_responses(Output& out, const WorkerState& worker, bool aborted) {
  if (out.unlogged.empty()) return;
  std::size_t done = 0;
  const std::int64_t now_us = worker.log_time_us();
  for (UnloggedResponse& response : out.unlogged) {
    const bool is_whole = response.end <= out.sent;
    if (!is_whole && !aborted) break;
    ++done;
    if (!worker.shared.access_log) continue;
    const std::uint64_t sent = std::clamp(out.sent, response.body_begin, response.end);
    response.record.bytes = sent - response.body_begin;
    response.record.aborted = !is_whole;
    response.record.duration_us = now_us - response.began_us;
    worker.shared.access_log->append(response.record);
  }
  out.unlogged.erase(out.unlogged.begin(),
                     out.unlogged.begin() + static_cast<std::ptrdiff_t>(done));
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
