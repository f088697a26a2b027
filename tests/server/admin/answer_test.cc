// Each path and method of the admin listener.
#include "apps/server/admin/answer.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "parser/parse.h"
#include "tests/server/admin/snapshots.h"
#include "tests/server/world.h"
#include "tests/support/prometheus.h"

namespace server {
namespace {

using lab::head_of;

// A response, parsed.
struct Answer {
  explicit Answer(std::string_view request, const Snapshot& snapshot = lab::busy_snapshot()) {
    const lab::Request parsed(request);
    bytes = answer_admin(parsed.head, snapshot);
    EXPECT_EQ(http1::parse_response(bytes, head, parsed.head.method()), http1::Progress::done);
  }
  std::string_view body() const { return std::string_view(bytes).substr(head.size()); }
  std::string_view field(std::string_view name) const {
    std::string_view value;
    EXPECT_TRUE(head.find(name, value)) << name;
    return value;
  }

  std::string bytes;
  http1::ResponseHead head;
};

TEST(AdminAnswer, to_health_is_ok) {
  for (const char* path : {"/healthz", "/livez", "/readyz", "/healthz?verbose"}) {
    const Answer answer(head_of("GET", path));
    EXPECT_EQ(answer.head.status(), 200) << path;
    EXPECT_EQ(answer.body(), "ok\n");
    EXPECT_EQ(answer.field("Cache-Control"), "no-store");
    EXPECT_EQ(answer.field("Connection"), "close");
  }
}

TEST(AdminAnswer, has_503_with_reasons) {
  Snapshot snapshot = lab::busy_snapshot();
  snapshot.process.readiness.is_draining = true;
  snapshot.workers[1].silent_us = 60'000'000;
  const Answer ready(head_of("GET", "/readyz"), snapshot);
  EXPECT_EQ(ready.head.status(), 503);
  EXPECT_EQ(ready.body(), "the server is draining: it stops soon\n");
  const Answer health(head_of("GET", "/healthz"), snapshot);
  EXPECT_EQ(health.head.status(), 503);
  EXPECT_EQ(health.body(), "worker 1 has not finished a loop iteration for 60 s\n");
}

TEST(AdminAnswer, to_metrics_depends_on_Accept) {
  const std::string scraper =
      "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,"
      "*/*;q=0.1\r\n";
  const Answer open(head_of("GET", "/metrics", scraper));
  EXPECT_EQ(open.field("Content-Type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_EQ(test_support::read_metrics(open.body(), test_support::MetricsText::open_metrics).fault,
            "");
  for (const char* accept : {"", "Accept: */*\r\n", "Accept: text/plain\r\n",
                             "Accept: application/openmetrics-text;q=0\r\n"}) {
    const Answer plain(head_of("GET", "/metrics", accept));
    EXPECT_EQ(plain.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8") << accept;
    EXPECT_EQ(test_support::read_metrics(plain.body()).fault, "");
    EXPECT_EQ(plain.field("Vary"), "Accept");
  }
}

TEST(AdminAnswer, to_HEAD_is_that_to_GET_without_content) {
  for (const char* path : {"/healthz", "/readyz", "/metrics", "/none"}) {
    const Answer get(head_of("GET", path));
    const Answer head(head_of("HEAD", path));
    EXPECT_EQ(head.bytes, get.bytes.substr(0, get.head.size())) << path;
    EXPECT_EQ(get.field("Content-Length"), std::to_string(get.body().size()));
  }
}

TEST(AdminAnswer, to_other_methods_is_405) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "UNHEARD"}) {
    const Answer answer(head_of(method, "/metrics"));
    EXPECT_EQ(answer.head.status(), 405) << method;
    EXPECT_EQ(answer.field("Allow"), "GET, HEAD");
  }
}

TEST(AdminAnswer, to_other_paths_is_404_and_repeats_nothing) {
  for (const char* path : {"/", "/metrics/", "/Healthz", "/secret%20name", "/..//metrics"}) {
    const Answer answer(head_of("GET", path));
    EXPECT_EQ(answer.head.status(), 404) << path;
    EXPECT_EQ(answer.body(), "404 Not Found\n");
  }
  EXPECT_EQ(Answer(head_of("OPTIONS", "*")).head.status(), 404);
}

TEST(AdminAnswer, to_bytes_that_are_no_request_is_an_error) {
  for (const auto& [error, status] : {std::pair{http1::Error::bad_method_byte, 400},
                                      std::pair{http1::Error::head_too_large, 431}}) {
    const std::string bytes = refuse_admin(error, lab::busy_snapshot());
    http1::ResponseHead head;
    ASSERT_EQ(http1::parse_response(bytes, head, http1::Method::get), http1::Progress::done);
    EXPECT_EQ(head.status(), status);
    EXPECT_FALSE(head.keep_alive());
  }
}

}  // namespace
}  // namespace server
