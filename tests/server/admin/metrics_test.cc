// The text of /metrics, read by a strict reader of the formats.
#include "apps/server/admin/metrics.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "apps/server/admin/build.h"
#include "tests/server/admin/snapshots.h"
#include "tests/support/prometheus.h"

namespace server {
namespace {

using test_support::Metrics;
using test_support::MetricsText;
using test_support::read_metrics;

TEST(MetricsTextOfSnapshot, is_valid_in_both_formats) {
  const Snapshot snapshot = lab::busy_snapshot();
  EXPECT_EQ(read_metrics(write_metrics(snapshot, MetricsFormat::prometheus)).fault, "");
  const std::string open = write_metrics(snapshot, MetricsFormat::open_metrics);
  EXPECT_EQ(read_metrics(open, MetricsText::open_metrics).fault, "");
}

TEST(MetricsTextOfSnapshot, is_valid_before_the_first_request) {
  EXPECT_EQ(read_metrics(write_metrics({}, MetricsFormat::prometheus)).fault, "");
}

TEST(MetricsTextOfSnapshot, has_the_numbers_of_the_snapshot) {
  const Metrics all = read_metrics(write_metrics(lab::busy_snapshot(), MetricsFormat::prometheus));
  EXPECT_EQ(all.value("quoit_http_requests_total{code=\"200\",method=\"GET\"}"), 12);
  EXPECT_EQ(all.value("quoit_http_requests_total{code=\"404\",method=\"GET\"}"), 1);
  EXPECT_EQ(all.value("quoit_http_requests_total{code=\"405\",method=\"other\"}"), 2);
  EXPECT_EQ(all.value("quoit_http_request_duration_seconds_bucket{le=\"0.0005\",method=\"GET\"}"),
            9);
  EXPECT_EQ(all.value("quoit_http_request_duration_seconds_bucket{le=\"60\",method=\"GET\"}"), 13);
  EXPECT_EQ(all.value("quoit_http_request_duration_seconds_count{method=\"GET\"}"), 14);
  EXPECT_EQ(all.value("quoit_http_request_duration_seconds_sum{method=\"GET\"}"), 61.5);
  EXPECT_EQ(all.value("quoit_http_time_to_first_byte_seconds_count"), 14);
  EXPECT_EQ(all.value("quoit_http_response_bytes_total"), 123'456'789'012);
  EXPECT_EQ(all.value("quoit_connections{state=\"idle\"}"), 5);
  EXPECT_EQ(all.value("quoit_connections{state=\"active\"}"), 2);
  EXPECT_EQ(all.value("quoit_connections_refused_total{reason=\"address\"}"), 2);
  EXPECT_EQ(all.value("quoit_timeouts_total{kind=\"proxy_header\"}"), 5);
  EXPECT_EQ(all.value("quoit_uploads_total{result=\"stored\"}"), 4);
  EXPECT_EQ(all.value("quoit_tls_connections"), 4);
  EXPECT_EQ(all.value("quoit_tls_handshakes_total{result=\"resumed\"}"), 22);
  EXPECT_EQ(all.value("quoit_tls_handshakes_total{result=\"plain_http\"}"), 27);
  EXPECT_EQ(all.value("quoit_auth_failures_total{reason=\"throttled\"}"), 9);
  EXPECT_EQ(all.value("quoit_engine_operations_total{engine=\"epoll\"}"), 99);
  EXPECT_EQ(all.value("quoit_log_lines_dropped_total"), 6);
  EXPECT_EQ(all.value("quoit_disk_free_bytes"), 1 << 30);
  EXPECT_EQ(all.value("process_cpu_seconds_total"), 1.25);
  EXPECT_EQ(all.value("process_start_time_seconds"), 784'000'000);
  const std::string build = "quoit_build_info{commit=\"" + std::string(build_commit()) +
                            "\",engine=\"epoll\",version=\"" + std::string(build_version()) + "\"}";
  EXPECT_EQ(all.value(build), 1);
}

TEST(MetricsTextOfSnapshot, has_only_what_is_known) {
  Snapshot snapshot = lab::busy_snapshot();
  snapshot.process.disk_free_bytes = -1;
  Metrics all = read_metrics(write_metrics(snapshot, MetricsFormat::prometheus));
  EXPECT_EQ(all.types.count("quoit_disk_free_bytes"), 0U);
  EXPECT_EQ(all.types.count("quoit_config_reloads_total"), 0U);
  snapshot.process.reloads = Reloads{.succeeded = 2, .refused = 1, .last_success_seconds = 5.5};
  all = read_metrics(write_metrics(snapshot, MetricsFormat::prometheus));
  EXPECT_EQ(all.fault, "");
  EXPECT_EQ(all.value("quoit_config_reloads_total{result=\"success\"}"), 2);
  EXPECT_EQ(all.value("quoit_config_last_reload_success_timestamp_seconds"), 5.5);
}

// However many methods and statuses clients bring about, there is a bound.
TEST(MetricsTextOfSnapshot, has_a_bounded_size) {
  Snapshot snapshot = lab::busy_snapshot();
  for (MethodNumbers& method : snapshot.sums.methods) {
    method.requests.fill(1);
    method.durations.buckets.fill(1);
  }
  const std::string text = write_metrics(snapshot, MetricsFormat::prometheus);
  EXPECT_EQ(read_metrics(text).fault, "");
  EXPECT_LT(text.size(), 300'000U);
}

}  // namespace
}  // namespace server
