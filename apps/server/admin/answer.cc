// The table of paths and the fields of responses. Covered by tests/server/admin/answer_test.cc and
// fuzz/admin_fuzzer.cc.
#include "apps/server/admin/answer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "apps/server/admin/metrics.h"
#include "apps/server/admin/readiness.h"
#include "apps/server/admin/status.h"
#include "apps/server/pages/status_page.h"
#include "parser/error.h"
#include "parser/fields.h"
#include "parser/write.h"

namespace server {

using http1::FieldName;
using http1::Method;
using http1::RequestHead;

namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

struct Content {
  int status = 200;
  std::string_view type = plain_text;
  std::string text;
  bool varies = false;           // with Accept
  std::string_view policy = {};  // Content-Security-Policy
  std::string_view allow = {};   // the methods, for 405
};

Content content_of(Verdict verdict) {
  return {.status = verdict.is_fine ? 200 : 503, .text = std::move(verdict.text)};
}

Content health(const RequestHead&, const Snapshot& snapshot) {
  return content_of(judge_health(snapshot));
}

Content readiness(const RequestHead&, const Snapshot& snapshot) {
  return content_of(judge_readiness(snapshot.process.readiness));
}

// OpenMetrics only for a client that prefers it: "*/*" is no such preference.
Content metrics(const RequestHead& head, const Snapshot& snapshot) {
  const std::string_view accept = head.value_of(FieldName::accept);
  const bool is_open = http1::media_weight(accept, "application/openmetrics-text") >
                       http1::media_weight(accept, "text/plain");
  const MetricsFormat format = is_open ? MetricsFormat::open_metrics : MetricsFormat::prometheus;
  return {.type = content_type_of(format), .text = write_metrics(snapshot, format), .varies = true};
}

Content status(const RequestHead&, const Snapshot& snapshot) {
  return {.type = "text/html; charset=utf-8",
          .text = write_status(snapshot),
          .policy = status_page_policy()};
}

Content status_numbers(const RequestHead&, const Snapshot& snapshot) {
  return {.type = "application/json", .text = write_status_json(snapshot)};
}

struct Route {
  std::string_view path;
  Content (*content)(const RequestHead&, const Snapshot&);
};

constexpr std::array routes = {
    Route{"/healthz", health},  Route{"/livez", health},  Route{"/readyz", readiness},
    Route{"/metrics", metrics}, Route{"/status", status}, Route{"/status.json", status_numbers},
};

// One line that names a status.
Content line_of(int status) {
  return {.status = status,
          .text = std::to_string(status) + " " + std::string(http1::reason_of(status)) + "\n"};
}

Content find_content(const RequestHead& head, const Snapshot& snapshot) {
  const auto* const route = std::find_if(
      routes.begin(), routes.end(), [&](const Route& each) { return each.path == head.path(); });
  if (route == routes.end()) return line_of(404);
  if (head.method() == Method::get || head.method() == Method::head) {
    return route->content(head, snapshot);
  }
  Content refused = line_of(405);
  refused.allow = "GET, HEAD";
  return refused;
}

std::string write_response(const Content& content, bool head_only, std::int64_t now_seconds) {
  std::array<char, 1024> space;
  http1::HeadWriter writer(space);
  writer.status_line(content.status);
  writer.date("Date", now_seconds);
  writer.field("Content-Length", static_cast<std::uint64_t>(content.text.size()));
  writer.field("Content-Type", content.type);
  if (!content.allow.empty()) writer.field("Allow", content.allow);
  if (content.varies) writer.field("Vary", "Accept");
  if (!content.policy.empty()) writer.field("Content-Security-Policy", content.policy);
  writer.field("X-Content-Type-Options", "nosniff");
  writer.field("Cache-Control", "no-store");
  writer.field("Connection", "close");
  writer.end();
  std::string response(writer.written());
  if (!head_only) response += content.text;
  return response;
}

}  // namespace

std::string answer_admin(const RequestHead& head, const Snapshot& snapshot) {
  const Content content = find_content(head, snapshot);
  return write_response(content, head.method() == Method::head, snapshot.now_seconds);
}

std::string refuse_admin(http1::Error error, const Snapshot& snapshot) {
  return write_response(line_of(http1::status_of(error)), false, snapshot.now_seconds);
}

}  // namespace server
