// A server that gets no more memory: it costs the clients that come then, and the server goes on.
#include <cstdint>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/sanitizer.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::Site;

// The address space of a process in bytes.
std::uint64_t size_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t pages = 0;
  file >> pages;
  return pages * 4096;
}

// Lets the server have no more memory, or as much as it likes.
void limit_memory(const Site& site, bool is_limited) {
  const pid_t pid = site.process().pid();
  const rlimit limit{is_limited ? size_of(pid) : RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(pid, RLIMIT_AS, &limit, nullptr), 0);
}

// The status of the response; 0 where the connection ends without one.
int status_of(const Site& site, const std::string& request) {
  RawClient client = site.connect();
  client.send(request);
  return client.read_response().status;
}

class MemoryShortage : public ::testing::Test {
 protected:
  void SetUp() override {
    if (test_support::maps_address_space)
      GTEST_SKIP() << "a sanitizer needs all of the address space";
  }
};

TEST_F(MemoryShortage, CostsTheClientsThatComeMeanwhile) {
  Site site({"--writable"});
  for (int i = 0; i < 100; ++i) site.root.write("f" + std::to_string(i), noise(20'000));
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
  limit_memory(site, true);
  std::vector<RawClient> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(site.connect());
    slow.back().send("GET /a HTTP/1.1\r\nHost: a\r\nX: " + std::string(9'000, 'x'));
  }
  for (RawClient& client : slow) client.send(std::string(3'000, 'y'));
  for (int i = 0; i < 100; ++i) {
    const int got = status_of(site, get("/f" + std::to_string(i)));
    EXPECT_TRUE(got == 200 || got == 503 || got == 0) << got;
    const int stored = status_of(site, put("/new", noise(100'000)));
    EXPECT_TRUE(stored == 201 || stored == 204 || stored == 503 || stored == 0) << stored;
    const int listed = status_of(site, get("/"));
    EXPECT_TRUE(listed == 200 || listed == 503 || listed == 0) << listed;
  }
  EXPECT_TRUE(site.process().running()) << site.process().err();
  slow.clear();
  limit_memory(site, false);
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).body == "hello"; }));
  EXPECT_TRUE(eventually([&] {
    const int status = site.ask(put("/last", "last")).status;
    return status == 201 || status == 204;
  }));
}

// Connections and nothing else: accepting fails, and goes on.
TEST_F(MemoryShortage, IsSurvivedByTheAcceptor) {
  Site site({}, {.workers = 1});
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
  limit_memory(site, true);
  {
    std::vector<RawClient> clients;
    for (int i = 0; i < 600; ++i) clients.push_back(site.connect());
  }
  EXPECT_TRUE(site.process().running()) << site.process().err();
  limit_memory(site, false);
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).body == "hello"; }));
}

}  // namespace
