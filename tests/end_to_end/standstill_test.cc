// Time limits of a server that did not run for a while: SIGSTOP stands for a paused machine.
#include <chrono>
#include <fstream>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::RawClient;
using test_support::request;
using test_support::Site;

// The process is in the state T (stopped).
bool is_stopped(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(") ");
  return name_end != std::string::npos && text[name_end + 2] == 'T';
}

// Stops the server on construction, and lets it continue after `duration` at the destruction.
class Standstill {
 public:
  Standstill(const Site& site, std::chrono::milliseconds duration)
      : site_(site), end_(std::chrono::steady_clock::now() + duration) {
    site_.signal(SIGSTOP);
    EXPECT_TRUE(eventually([&] { return is_stopped(site_.process().pid()); }));
  }
  ~Standstill() {
    std::this_thread::sleep_until(end_);
    site_.signal(SIGCONT);
  }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

 private:
  const Site& site_;
  std::chrono::steady_clock::time_point end_;
};

// The limits leave a slow machine time to bring the clients into their waits.
const std::vector<std::string> limits = {"--writable", "--head-timeout", "4", "--idle-timeout",
                                         "4",          "--body-timeout", "4"};
constexpr std::chrono::milliseconds longer_than_limits{6000};

TEST(Standstill, DoesNotCountInAnyTimeLimit) {
  Site site(limits);
  site.root.write("a", "hello");
  const std::string large = noise(30'000'000);
  site.root.write("large", large);
  const std::string body = noise(100'000);
  RawClient idle = site.connect();
  RawClient head = site.connect();
  RawClient late_head = site.connect();
  RawClient upload = site.connect();
  RawClient late_upload = site.connect();
  RawClient download = site.connect();
  const std::vector<std::string> upload_fields = {"Content-Length: 100000", "Expect: 100-continue"};
  upload.send(request("PUT", "/b", upload_fields));
  late_upload.send(request("PUT", "/c", upload_fields));
  EXPECT_EQ(upload.read_response().status, 100);
  EXPECT_EQ(late_upload.read_response().status, 100);
  download.send(get("/large", {"Connection: close"}));
  EXPECT_EQ(download.read_bytes(15), "HTTP/1.1 200 OK");
  head.send("GET /a HT");
  late_head.send("GET /a HT");
  EXPECT_EQ(idle.ask(get("/a")).body, "hello");
  {
    const Standstill standstill(site, longer_than_limits);
    idle.send(get("/a"));
    head.send("TP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(upload.send_some(body), body.size());
  }
  late_head.send("TP/1.1\r\nHost: a\r\n\r\n");
  late_upload.send(body);
  EXPECT_EQ(idle.read_response().body, "hello");
  EXPECT_EQ(head.read_response().body, "hello");
  EXPECT_EQ(late_head.read_response().body, "hello");
  EXPECT_EQ(upload.read_response().status, 201);
  EXPECT_EQ(late_upload.read_response().status, 201);
  EXPECT_TRUE(download.read_to_end().ends_with(large.substr(large.size() - 1000)));
}

TEST(Standstill, LeavesTheTimeLimitsInForceAfterwards) {
  Site site({"--head-timeout", "0.3", "--idle-timeout", "3600"});
  RawClient client = site.connect();
  client.send("GET /a HT");
  { const Standstill standstill(site, std::chrono::milliseconds(1500)); }
  EXPECT_EQ(client.read_response().status, 408);
}

}  // namespace
