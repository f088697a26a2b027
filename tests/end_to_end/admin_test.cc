// The admin listener: health, readiness and metrics of a running server.
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/end_to_end/admin_site.h"
#include "tests/support/eventually.h"
#include "tests/support/prometheus.h"
#include "tests/support/site.h"

namespace {

using test_support::AdminSite;
using test_support::eventually;
using test_support::get;
using test_support::Metrics;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;

const std::string requests_200 = "quoit_http_requests_total{code=\"200\",method=\"GET\"}";

TEST(Admin, HealthAndReadinessAreOk) {
  const AdminSite admin;
  for (const char* path : {"/healthz", "/livez", "/readyz"}) {
    const Response response = admin.ask(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body, "ok\n");
    EXPECT_EQ(response.field("Connection"), "close");
  }
}

TEST(Admin, HeadHasNoContent) {
  const AdminSite admin;
  RawClient client = admin.connect();
  client.send(request("HEAD", "/metrics"));
  const Response response = client.read_response(RawClient::To::head);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Admin, OtherPathsMethodsAndBytesAreRefused) {
  const AdminSite admin;
  admin.site().root.write("a", "hello");
  EXPECT_EQ(admin.ask("/").status, 404);
  EXPECT_EQ(admin.ask("/a").status, 404);
  RawClient client = admin.connect();
  const Response refused = client.ask(request("DELETE", "/metrics"));
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.field("Allow"), "GET, HEAD");
  RawClient other = admin.connect();
  EXPECT_EQ(other.ask("GET  /metrics HTTP/1.1\r\n\r\n").status, 400);
}

TEST(Admin, ServedAddressHasNoAdminPages) {
  const AdminSite admin;
  EXPECT_EQ(admin.site().ask(get("/metrics")).status, 404);
  EXPECT_EQ(admin.site().ask(get("/healthz")).status, 404);
}

TEST(Admin, MetricsCountWhatClientsDo) {
  const AdminSite admin({"--writable"});
  admin.site().root.write("a", "hello");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(admin.site().ask(get("/a")).status, 200);
  EXPECT_EQ(admin.site().ask(put("/b", "12345")).status, 201);
  EXPECT_EQ(admin.site().ask(get("/secret-name")).status, 404);
  // A response is counted when its last byte was sent, which its client may notice before.
  ASSERT_TRUE(eventually([&] {
    return admin.metric("quoit_http_request_duration_seconds_count{method=\"GET\"}") == 4 &&
           admin.metric("quoit_http_request_duration_seconds_count{method=\"PUT\"}") == 1;
  }));
  const Metrics all = admin.metrics();
  EXPECT_EQ(all.value(requests_200), 3);
  EXPECT_EQ(all.value("quoit_http_requests_total{code=\"404\",method=\"GET\"}"), 1);
  EXPECT_EQ(all.value("quoit_http_requests_total{code=\"201\",method=\"PUT\"}"), 1);
  EXPECT_EQ(all.value("quoit_uploads_total{result=\"stored\"}"), 1);
  EXPECT_EQ(all.value("quoit_connections_accepted_total"), 5);
  EXPECT_GT(all.value("quoit_http_response_bytes_total"), 5 * 100);
  EXPECT_GT(all.value("quoit_disk_free_bytes"), 0);
  EXPECT_GT(all.value("process_resident_memory_bytes"), 0);
  EXPECT_GT(all.value("process_open_fds"), 10);
  EXPECT_EQ(admin.ask("/metrics").body.find("secret"), std::string::npos);
}

TEST(Admin, MetricsCountWrongCredentials) {
  const Scratch etc;
  etc.write("tokens", "robot:" + std::string(64, 'a') + "\n");
  const AdminSite admin({"--tokens", etc.path("tokens")});
  EXPECT_EQ(admin.site().ask(get("/a")).status, 401) << "no credentials, and no wrong ones";
  EXPECT_EQ(admin.site().ask(get("/a", {"Authorization: Bearer guess"})).status, 401);
  EXPECT_EQ(admin.metric("quoit_auth_failures_total{reason=\"wrong\"}"), 1);
  EXPECT_EQ(admin.metric("quoit_auth_failures_total{reason=\"throttled\"}"), 0);
  EXPECT_EQ(admin.ask("/metrics").body.find("guess"), std::string::npos);
}

TEST(Admin, ConnectionsAreIdleOrActive) {
  const AdminSite admin({"--writable"});
  admin.site().root.write("a", "hello");
  RawClient idle = admin.site().connect();
  EXPECT_EQ(idle.ask(get("/a")).status, 200);
  RawClient active = admin.site().connect();
  const std::string upload = put("/b", "12345");
  active.send(std::string_view(upload).substr(0, upload.size() - 1));
  EXPECT_TRUE(eventually([&] {
    const Metrics all = admin.metrics();
    return all.value("quoit_connections{state=\"idle\"}") == 1 &&
           all.value("quoit_connections{state=\"active\"}") == 1;
  }));
}

TEST(Admin, OpenMetricsForClientsThatPreferIt) {
  const AdminSite admin;
  const Response response = admin.ask("/metrics", {"Accept: application/openmetrics-text"});
  EXPECT_EQ(response.field("Content-Type").find("application/openmetrics-text; version=1.0.0"), 0U);
  EXPECT_EQ(
      test_support::read_metrics(response.body, test_support::MetricsText::open_metrics).fault, "");
}

TEST(Admin, StatusPageHasAStrictPolicyAndNumbers) {
  const AdminSite admin;
  admin.site().root.write("a", "hello");
  EXPECT_EQ(admin.site().ask(get("/a")).status, 200);
  const Response page = admin.ask("/status");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.field("Content-Security-Policy").find("default-src 'none'; style-src 'sha256-"),
            0U);
  EXPECT_NE(page.body.find("<h1>Status</h1>"), std::string::npos);
  EXPECT_TRUE(eventually([&] {
    const Response numbers = admin.ask("/status.json");
    EXPECT_EQ(numbers.field("Content-Type"), "application/json");
    return numbers.body.find("\"codes\":{\"200\":1}") != std::string::npos;
  }));
}

TEST(Admin, ReloadsAreCounted) {
  const AdminSite admin;
  EXPECT_EQ(admin.metric("quoit_config_reloads_total{result=\"success\"}"), 0);
  admin.site().signal(SIGHUP);
  EXPECT_TRUE(eventually(
      [&] { return admin.metric("quoit_config_reloads_total{result=\"success\"}") == 1; }));
  EXPECT_GT(admin.metric("quoit_config_last_reload_success_timestamp_seconds"), 1e9);
}

TEST(Admin, CountersNeverGoBack) {
  const AdminSite admin;
  admin.site().root.write("a", "hello");
  Metrics before = admin.metrics();
  for (int i = 0; i < 5; ++i) {
    for (int k = 0; k < 10; ++k) admin.site().ask(get("/a"));
    Metrics after = admin.metrics();
    for (const auto& [series, value] : before.samples) {
      const std::string family = series.substr(0, series.find('{'));
      const auto type = before.types.find(family);
      if (type != before.types.end() && type->second == "gauge") continue;
      EXPECT_GE(after.value(series), value) << series;
    }
    before = std::move(after);
  }
}

TEST(Admin, ListensOnAUnixSocketAndRemovesIt) {
  const Scratch scratch;
  const std::string path = scratch.path("admin.sock");
  {
    const Site site({"--admin", "unix:" + path});
    RawClient client = RawClient::to_unix(path);
    EXPECT_EQ(client.ask(get("/healthz")).body, "ok\n");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Admin, AddressInUseIsRefusedByName) {
  const AdminSite admin;
  const std::string port = std::to_string(admin.site().port());
  const test_support::Finished second =
      test_support::run({test_support::quoitd_path(), "--listen", "127.0.0.1:0", "--admin",
                         "127.0.0.1:" + port, "."});
  EXPECT_EQ(second.status, 69);
  EXPECT_NE(second.err.find("choose another port with --admin"), std::string::npos) << second.err;
}

TEST(Admin, SilentClientsDelayOthersForTheirTimeOnly) {
  const AdminSite admin;
  std::vector<RawClient> silent;
  for (int i = 0; i < 16; ++i) silent.push_back(admin.connect());
  EXPECT_EQ(admin.ask("/healthz").body, "ok\n");
}

TEST(Admin, ServerThatDrainsIsNotReady) {
  const AdminSite admin({"--writable", "--grace", "60"});
  RawClient uploading = admin.site().connect();
  const std::string upload = put("/a", "12345");
  uploading.send(std::string_view(upload).substr(0, upload.size() - 1));
  ASSERT_TRUE(eventually([&] { return admin.metric("quoit_uploads_in_flight") == 1; }));
  admin.site().signal(SIGTERM);
  EXPECT_TRUE(admin.comes_to("the server is draining: it stops soon\n"));
  EXPECT_EQ(admin.ask("/healthz").status, 200);
  uploading.send("5");
  EXPECT_EQ(uploading.read_response().status, 201);
}

TEST(Admin, ServerWithoutItsRootIsNotReady) {
  const Scratch above;
  above.make_directory("root");
  const AdminSite admin({}, {.served = above.path("root")});
  EXPECT_EQ(admin.ask("/readyz").status, 200);
  std::filesystem::rename(above.path("root"), above.path("away"));
  EXPECT_TRUE(admin.comes_to("the served directory or its file system is not there\n"));
  EXPECT_EQ(admin.ask("/healthz").status, 200) << "a restart would not help";
  std::filesystem::rename(above.path("away"), above.path("root"));
  EXPECT_TRUE(admin.comes_to("ok\n"));
}

TEST(Admin, ServerWithoutSpaceIsNotReady) {
  const AdminSite admin({"--writable", "--reserve", "1000000T"});
  EXPECT_TRUE(admin.comes_to("the free space on the disk has come down to --reserve\n"));
  const AdminSite reader({"--reserve", "1000000T"});
  EXPECT_TRUE(reader.comes_to("ok\n")) << "it stores nothing";
}

TEST(Admin, ServerWhoseLogCannotBeWrittenIsNotReady) {
  const AdminSite admin({"--access-log", "/dev/full"});
  EXPECT_EQ(admin.ask("/readyz").status, 200);
  admin.site().ask(get("/a"));
  EXPECT_TRUE(admin.comes_to("a log cannot be written\n"));
  EXPECT_EQ(admin.metric("quoit_log_lines_dropped_total"), 1);
}

// The log of a file system with space again is tried without a further request, because a balancer
// sends none to a server that is not ready.
TEST(Admin, LogThatCanBeWrittenAgainMakesReady) {
  const Scratch scratch;
  const std::string path = scratch.path("log");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto open_reader = [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); };
  const int reader = open_reader();
  ASSERT_GE(reader, 0);
  const AdminSite admin({"--access-log", path});
  ::close(reader);
  admin.site().ask(get("/a"));
  ASSERT_TRUE(admin.comes_to("a log cannot be written\n"));
  const int next = open_reader();
  EXPECT_TRUE(admin.comes_to("ok\n"));
  ::close(next);
}

}  // namespace
