// What is too slow, too much or too many: it is dropped in time, and nobody else waits for it.
#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::Ending;
using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;

using Names = std::vector<std::string>;

// Limits that a test does not look at are far away, so that only the one it looks at can act.
Names with_limits(const Names& own) {
  Names all = own;
  for (const char* option : {"--head-timeout", "--idle-timeout", "--body-timeout"}) {
    if (std::find(own.begin(), own.end(), option) == own.end()) {
      all.insert(all.end(), {option, "3600"});
    }
  }
  return all;
}

void expect_timeout(RawClient& client) {
  const Response response = client.read_response();
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_TRUE(response.whole);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Limits, HeadThatIsNotCompleteInTimeIs408) {
  Site site(with_limits({"--head-timeout", "0.3"}));
  RawClient client = site.connect();
  client.send("GET /a HTTP/1.1\r\nHost:");
  expect_timeout(client);
}

TEST(Limits, HeadThatTricklesIs408) {
  Site site(with_limits({"--head-timeout", "0.3"}));
  RawClient client = site.connect();
  client.send("GET /a HTTP/1.1\r\n");
  while (!client.has_bytes(20)) client.send_some("X: y\r\n");
  const Response response = client.read_response();
  EXPECT_EQ(response.status, 408);
}

TEST(Limits, SecondHeadHasNoMoreTimeThanTheFirst) {
  Site site(with_limits({"--head-timeout", "0.3"}));
  site.root.write("a", "hello");
  {
    RawClient client = site.connect();
    client.send(get("/a") + "GET /a HT");
    EXPECT_EQ(client.read_response().body, "hello");
    expect_timeout(client);
  }
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(get("/a")).body, "hello");
  client.send("GET /a HT");
  expect_timeout(client);
}

TEST(Limits, IdleConnectionIsClosedInTime) {
  Site site(with_limits({"--idle-timeout", "0.3"}));
  site.root.write("a", "hello");
  RawClient silent = site.connect();
  EXPECT_EQ(silent.ending(), Ending::orderly);
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(get("/a")).body, "hello");
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.ending(), Ending::orderly);
}

TEST(Limits, IdleTimeBeginsAnewWithEveryRequest) {
  Site site(with_limits({"--idle-timeout", "1"}));
  site.root.write("a", "hello");
  RawClient client = site.connect();
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  while (std::chrono::steady_clock::now() < end) {
    ASSERT_EQ(client.ask(get("/a")).body, "hello");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST(Limits, BodyThatStopsIs408AndLeavesNothing) {
  Site site(with_limits({"--writable", "--body-timeout", "0.3"}));
  for (const char* framing : {"Content-Length: 100000", "Transfer-Encoding: chunked"}) {
    RawClient client = site.connect();
    client.send(request("PUT", "/deep/a", {framing}) + "fff\r\n" + noise(2000));
    expect_timeout(client);
    EXPECT_EQ(site.root.list(), Names{});
  }
}

TEST(Limits, BodyThatIsNotBegunIs408) {
  Site site(with_limits({"--writable", "--body-timeout", "0.3"}));
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {"Content-Length: 5", "Expect: 100-continue"}));
  EXPECT_EQ(client.read_response().status, 100);
  expect_timeout(client);
}

TEST(Limits, UnwantedBodyThatStopsEndsTheConnection) {
  Site site(with_limits({"--body-timeout", "0.3"}));
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {"Content-Length: 5"}) + "abc");
  EXPECT_EQ(client.read_response().status, 405);
  EXPECT_EQ(client.read_to_end(), "");
}

// The response comes before the body, and does not announce the end of the connection.
TEST(Limits, RefusedBodyInChunksIsReadToItsEnd) {
  Site site(with_limits({"--writable"}));
  site.root.write("a", "hello");
  RawClient client = site.connect();
  const std::string chunk = "19000\r\n" + noise(0x19000) + "\r\n";
  for (const int chunks : {1, 20}) {
    client.send(request("PUT", "/a", {"Transfer-Encoding: chunked", "If-None-Match: *"}));
    const Response refusal = client.read_response();
    EXPECT_EQ(refusal.status, 412);
    EXPECT_FALSE(refusal.has("Connection"));
    for (int i = 0; i < chunks; ++i) ASSERT_TRUE(client.send(chunk));
    client.send("0\r\n\r\n");
    EXPECT_EQ(client.ask(get("/a")).body, "hello");
  }
}

TEST(Limits, BodyThatTricklesBelowTheLowestRateIs408) {
  Site site(with_limits({"--writable", "--body-timeout", "0.3", "--lowest-rate", "100000"}));
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {"Content-Length: 1000000"}));
  while (!client.has_bytes(20)) client.send_some("x");
  EXPECT_EQ(client.read_response().status, 408);
  EXPECT_EQ(site.root.list(), Names{});
}

TEST(Limits, BodyThatTricklesIsTakenWhereNoRateIsAsked) {
  Site site(with_limits({"--writable", "--body-timeout", "1", "--lowest-rate", "0"}));
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {"Content-Length: 15"}));
  for (int i = 0; i < 15; ++i) {
    client.send("x");
    ASSERT_EQ(client.has_bytes(i < 14 ? 100 : 20'000), i == 14);
  }
  EXPECT_EQ(client.read_response().status, 201);
}

TEST(Limits, ConnectionsBeyondTheLimitAre503WhileOthersAreServed) {
  Site site({"--max-connections", "3"}, {.workers = 1});
  site.root.write("a", "hello");
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(site.connect());
    EXPECT_EQ(clients.back().ask(get("/a")).body, "hello");
  }
  for (int i = 0; i < 3; ++i) {
    const Response response = site.ask(get("/a"));
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.field("Connection"), "close");
    EXPECT_TRUE(response.has("Retry-After"));
  }
  for (RawClient& client : clients) EXPECT_EQ(client.ask(get("/a")).body, "hello");
  clients.pop_back();
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).status == 200; }));
}

TEST(Limits, ConnectionsOfOneAddressBeyondItsLimitAre503WhileOthersAreServed) {
  Scratch place;
  Site site({"--max-connections-per-address", "2", "--listen", "unix:" + place.path("socket")});
  site.root.write("a", "hello");
  std::vector<RawClient> greedy;
  for (int i = 0; i < 2; ++i) {
    greedy.push_back(site.connect());
    EXPECT_EQ(greedy.back().ask(get("/a")).body, "hello");
  }
  for (int i = 0; i < 5; ++i) {
    RawClient refused = site.connect();
    const Response response = refused.ask(get("/a"));
    EXPECT_EQ(response.status, 503);
    EXPECT_TRUE(response.has("Retry-After"));
    EXPECT_EQ(refused.ending(), Ending::orderly);
    EXPECT_EQ(RawClient::to_port_from(site.port(), "127.0.0.2").ask(get("/a")).body, "hello");
  }
  std::vector<RawClient> local;
  for (int i = 0; i < 5; ++i) {
    local.push_back(RawClient::to_unix(place.path("socket")));
    EXPECT_EQ(local.back().ask(get("/a")).body, "hello");
  }
  for (RawClient& client : greedy) EXPECT_EQ(client.ask(get("/a")).body, "hello");
  greedy.pop_back();
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).status == 200; }));
}

// Whoever is refused takes nobody's place, however many they are.
TEST(Limits, RefusedConnectionsOfOneAddressTakeNobodysPlace) {
  Site site({"--max-connections-per-address", "1", "--max-connections", "4"}, {.workers = 1});
  site.root.write("a", "hello");
  std::vector<RawClient> greedy;
  for (int i = 0; i < 100; ++i) greedy.push_back(site.connect());
  EXPECT_EQ(greedy.front().ask(get("/a")).body, "hello");
  for (const char* other : {"127.0.0.2", "127.0.0.3", "127.0.0.4"}) {
    EXPECT_EQ(RawClient::to_port_from(site.port(), other).ask(get("/a")).body, "hello");
  }
  EXPECT_EQ(greedy.back().read_response().status, 503);  // without its request
}

// The documented limit is a third of the open files, however few those are and whichever worker the
// clients come to. No client is left without a response.
TEST(Limits, ThirdOfTheOpenFilesIsServedAndTheRestIs503) {
  constexpr std::size_t files = 96;
  Site site({}, {.wrapper = {"sh", "-c", "ulimit -n 96; exec \"$@\"", "sh"}});
  site.root.write("a", "hello");
  std::vector<RawClient> served;
  for (std::size_t i = 0; i < files / 3; ++i) {
    served.push_back(site.connect());
    ASSERT_EQ(served.back().ask(get("/a")).body, "hello") << i;
  }
  std::vector<RawClient> refused;
  for (int i = 0; i < 200; ++i) {
    refused.push_back(site.connect());
    refused.back().send(get("/a"));
  }
  for (RawClient& client : refused) {
    ASSERT_EQ(client.read_response().status, 503);
    ASSERT_EQ(client.ending(), Ending::orderly);
  }
  for (RawClient& client : served) ASSERT_EQ(client.ask(get("/a")).body, "hello");
}

TEST(Limits, LastRequestOfAConnectionIsToldSo) {
  Site site({"--max-requests-per-connection", "3"});
  site.root.write("a", "hello");
  RawClient client = site.connect();
  client.send(get("/a") + get("/none") + get("/a") + get("/a") + get("/a"));
  for (int i = 1; i <= 3; ++i) {
    const Response response = client.read_response();
    EXPECT_EQ(response.status, i == 2 ? 404 : 200);
    EXPECT_EQ(response.field("Connection"), i == 3 ? "close" : "");
    EXPECT_TRUE(response.whole);
  }
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(client.ending(), Ending::orderly);
}

TEST(Limits, FloodOfConnectionsIsSurvived) {
  Site site({"--max-connections", "3"}, {.workers = 1});
  site.root.write("a", "hello");
  {
    std::vector<RawClient> clients;
    clients.reserve(200);
    for (int i = 0; i < 200; ++i) clients.push_back(site.connect());
    for (int i = 0; i < 3; ++i) {
      const Response response = clients[static_cast<std::size_t>(i)].ask(get("/a"));
      EXPECT_EQ(response.body, "hello");
    }
    // It waits in the accept queue, or is refused at once.
    EXPECT_EQ(clients.back().ask(get("/a")).status, 503);
  }
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).status == 200; }));
}

TEST(Limits, ClientThatStopsReadingHindersNobodyAndIsDropped) {
  Site site(with_limits({"--body-timeout", "0.3", "--log-format", "json"}), {.workers = 1});
  site.root.write("large", noise(30'000'000));
  site.root.write("small", "hello");
  RawClient stopped = site.connect();
  stopped.send(get("/large"));
  EXPECT_EQ(stopped.read_bytes(15), "HTTP/1.1 200 OK");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(site.ask(get("/small")).body, "hello");
  EXPECT_TRUE(site.wait_for_log("\"aborted\":true"));
  EXPECT_LT(stopped.read_to_end().size(), 30'000'000U);
  EXPECT_EQ(site.ask(get("/small")).body, "hello");
}

// Takes something in every look, but too little on average.
TEST(Limits, ClientThatReadsBelowTheLowestRateIsDropped) {
  Site site(
      with_limits({"--body-timeout", "0.5", "--lowest-rate", "1000000", "--log-format", "json"}),
      {.workers = 1});
  site.root.write("large", noise(30'000'000));
  site.root.write("small", "hello");
  RawClient slow = site.connect();
  slow.send(get("/large"));
  std::string some(1000, '\0');
  while (!site.wait_for_log("\"aborted\":true", std::chrono::milliseconds(20))) {
    if (slow.read_some(some) == 0) break;
    ASSERT_EQ(site.ask(get("/small")).body, "hello");
  }
  EXPECT_TRUE(site.wait_for_log("\"aborted\":true"));
}

// A send is ended and goes on whenever it is looked at: no byte may be lost or doubled.
TEST(Limits, ClientThatReadsSlowlyGetsEveryByte) {
  Scratch place;
  Site site(with_limits({"--body-timeout", "3", "--listen", "unix:" + place.path("socket")}),
            {.workers = 1});
  const std::string content = noise(16'000'000);  // more than kernels hold
  site.root.write("large", content);
  for (const bool is_unix : {false, true}) {
    RawClient slow = is_unix ? RawClient::to_unix(place.path("socket")) : site.connect();
    slow.send(get("/large", {"Connection: close"}));
    std::string answer;
    for (int pause = 0; pause < 2; ++pause) {  // each longer than from one look to the next
      answer += slow.read_bytes(2'000'000);
      std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    }
    answer += slow.read_to_end();
    EXPECT_TRUE(answer.ends_with(content)) << is_unix << ": " << answer.size();
  }
}

TEST(Limits, ManyClientsThatStopReadingHinderNobody) {
  Site site({}, {.workers = 1});
  site.root.write("large", noise(3'000'000));
  site.root.write("small", "hello");
  std::vector<RawClient> stopped;
  for (int i = 0; i < 150; ++i) {  // more than there are large blocks
    stopped.push_back(site.connect());
    const int room = i == 0 ? 1 << 20 : 4096;  // small: what is sent must not fit in the kernel
    ::setsockopt(stopped.back().descriptor(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    stopped.back().send(get("/large"));
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(site.ask(get("/small")).body, "hello");
  const std::string large = site.root.read("large").value_or("");
  EXPECT_TRUE(stopped.front().read_response().body == large);
}

TEST(Limits, HeadBeyondMaxHeadIs431) {
  Site site({"--max-head", "1K"});
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(get("/a", {"X: " + std::string(900, 'x')})).status, 200);
  EXPECT_EQ(site.ask(get("/a", {"X: " + std::string(1100, 'x')})).status, 431);
  RawClient endless = site.connect();
  while (!endless.has_bytes()) endless.send_some("X: y\r\n");
  EXPECT_EQ(endless.read_response().status, 400);  // the first line is no request line
}

// A client that goes on sending after a refusal reads it, and not a reset, and keeps nobody
// waiting.
TEST(Limits, GreedyRequestsAreRefusedGentlyWhileOthersAreServed) {
  Site site({"--writable", "--max-head", "2K", "--max-fields", "5", "--max-target", "50",
             "--max-body", "1000"},
            {.workers = 1});
  site.root.write("a", "hello");
  struct Row {
    int status;
    std::string bytes;
  };
  const std::vector<std::string> four = {"A: 1", "B: 2", "C: 3", "D: 4"};
  const std::vector<std::string> five = {"A: 1", "B: 2", "C: 3", "D: 4", "E: 5"};
  EXPECT_EQ(site.ask(get("/a", four)).status, 200);  // with Host
  EXPECT_EQ(site.ask(get("/a?" + std::string(47, 'x'))).status, 200);
  for (const Row& row : std::vector<Row>{{431, get("/a", five)},
                                         {414, get("/a?" + std::string(48, 'x'))},
                                         {431, get("/a", {"A: " + std::string(2048, 'x')})},
                                         {413, put("/new", noise(100'000))}}) {
    RawClient greedy = site.connect();
    greedy.send(row.bytes + noise(1'000'000));
    EXPECT_EQ(site.ask(get("/a")).body, "hello");
    const Response response = greedy.read_response();
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.field("Connection"), "close");
    EXPECT_TRUE(response.whole);
    EXPECT_TRUE(greedy.send(noise(1'000'000)));
    greedy.finish_sending();
    EXPECT_EQ(greedy.read_to_end(), "");
    EXPECT_EQ(greedy.ending(), Ending::orderly);
  }
}

// The location of a directory and of a new file is as long as the target, and never cut.
TEST(Limits, LongLocationIsSentAsAWhole) {
  Site site({"--writable", "--max-head", "63K", "--max-target", "63K"});
  site.root.write("directory/a", "hello");
  const std::string query = "?" + std::string(20'000, 'q');
  RawClient client = site.connect();
  const Response redirect = client.ask(get("/directory" + query));
  EXPECT_EQ(redirect.status, 301);
  EXPECT_EQ(redirect.field("Location"), "directory/" + query);
  std::string target;
  while (target.size() < 20'000) target += "/.";
  const Response stored = client.ask(put(target + "/new", "new"));
  EXPECT_EQ(stored.status, 201);
  EXPECT_EQ(stored.field("Location"), target + "/new");
  EXPECT_EQ(client.ask(get("/new")).body, "new");
}

TEST(Limits, LargestHeadIsTaken) {
  Site site({"--max-head", "63K"});
  site.root.write("a", "hello");
  RawClient client = site.connect();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(client.ask(get("/a", {"X: " + std::string(64'000, 'x')})).body, "hello");
  }
  EXPECT_EQ(client.ask(get("/a", {"X: " + std::string(65'000, 'x')})).status, 431);
}

TEST(Limits, BodyBeyondMaxBodyIs413AndLeavesNothing) {
  Site site({"--writable", "--max-body", "1000"});
  const std::string chunked = request("PUT", "/deep/a", {"Transfer-Encoding: chunked"});
  for (const std::string& text : {
           put("/deep/a", noise(1001)),
           put("/deep/a", noise(3'000'000)),
           chunked + "3e9\r\n" + noise(1001) + "\r\n0\r\n\r\n",
           chunked + "3e9\r\n",
           chunked + "1f4\r\n" + noise(500) + "\r\n1f5\r\n",
           chunked + "2dc6c0\r\n" + noise(3'000'000) + "\r\n0\r\n\r\n",
       }) {
    RawClient client = site.connect();
    client.send(text);
    const Response response = client.read_response();
    EXPECT_EQ(response.status, 413);
    EXPECT_TRUE(response.whole);
    EXPECT_EQ(site.root.list(), Names{});
  }
  EXPECT_EQ(site.ask(put("/a", noise(1000))).status, 201);
  EXPECT_EQ(site.ask(request("PUT", "/b", {"Transfer-Encoding: chunked"}) + "3e8\r\n" +
                     noise(1000) + "\r\n0\r\n\r\n")
                .status,
            201);
}

// A server that runs out of descriptors after a few connections.
class SiteOfFewDescriptors : public Site {
 public:
  SiteOfFewDescriptors()
      : Site({"--max-connections", "1000"},
             {.wrapper = {"sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"}, .workers = 1}) {
    root.write("a", "hello");
  }
};

TEST(Limits, ServerOutOfDescriptorsRecovers) {
  SiteOfFewDescriptors site;
  {
    std::vector<RawClient> clients;
    clients.reserve(60);
    for (int i = 0; i < 60; ++i) clients.push_back(site.connect());
    // One of the first has its connection but no descriptor is left for its file, or it is served.
    const int status = clients.front().ask(get("/a")).status;
    EXPECT_TRUE(status == 503 || status == 200) << status;
  }
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
}

// Nobody tells the server when descriptors are free again: it tries now and then, and says so.
TEST(Limits, AcceptingPausesWithoutDescriptorsAndGoesOnByItself) {
  SiteOfFewDescriptors site;
  const auto began = std::chrono::steady_clock::now();
  {
    std::vector<RawClient> clients;
    for (int i = 0; i < 60; ++i) clients.push_back(site.connect());
    EXPECT_TRUE(site.process().wait_for_err("accepting connections pauses: Too many open files"));
  }
  const std::string again = "accepting connections again; it was tried ";
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).body == "hello"; }));
  ASSERT_TRUE(site.process().wait_for_err("times in vain"));
  const std::string err = site.process().err();
  const auto passed_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::steady_clock::now() - began)
                             .count();
  const long tried = std::stol(err.substr(err.find(again) + again.size()));
  EXPECT_GE(tried, 1);
  EXPECT_LE(tried, passed_ms / 100 + 1) << "it spins";
}

TEST(Limits, MoreHeadsThanFirstBuffersAreAllAnswered) {
  Site site(with_limits({}), {.workers = 1});
  site.root.write("a", "hello");
  std::vector<RawClient> clients;
  for (int i = 0; i < 600;
       ++i) {  // more than a slab of buffers, less than the usual limit of files
    clients.push_back(site.connect());
    ASSERT_TRUE(clients.back().ok()) << i;
    clients.back().send("GET /a HTTP/1.1\r\nHo");
  }
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
  for (RawClient& client : clients) client.send("st: test\r\n\r\n");
  for (RawClient& client : clients) ASSERT_EQ(client.read_response().body, "hello");
}

// Does what no client should: begins, breaks off, resets, sends noise. The same for the same seed.
void misbehave(const Site& site, unsigned seed) {
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  const std::string texts[] = {
      get("/large"),
      get("/none") + get("/large") + get("/large"),
      put("/new/" + std::to_string(seed), noise(100'000)),
      request("PUT", "/chunked", {"Transfer-Encoding: chunked"}) + chunks + get("/large"),
      request("PUT", "/asked", {"Content-Length: 5", "Expect: 100-continue"}),
      request("DELETE", "/chunked"),
      noise(300, seed),
  };
  unsigned state = seed;
  const auto pick = [&state](std::size_t below) {
    state = state * 1103515245 + 12345;
    return (state >> 8) % below;
  };
  for (int i = 0; i < 150; ++i) {
    const std::string& text = texts[pick(std::size(texts))];
    RawClient client = site.connect();
    client.send(text.substr(0, pick(3) == 0 ? pick(text.size()) : text.size()));
    if (pick(2) == 0) client.has_bytes(5);
    if (pick(4) == 0) client.finish_sending();
    if (pick(2) == 0) client.reset();
  }
}

TEST(Limits, MisbehavingClientsHarmNobody) {
  Site site({"--writable"});
  site.root.write("large", noise(1'000'000));
  site.root.write("small", "hello");
  std::vector<std::jthread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&site, seed] { misbehave(site, seed); });
  }
  for (int i = 0; i < 200; ++i) ASSERT_EQ(site.ask(get("/small")).body, "hello");
  for (std::jthread& thread : threads) thread.join();
  EXPECT_EQ(site.ask(get("/small")).body, "hello");
  EXPECT_TRUE(eventually([&] {
    const Names names = site.root.list();
    return std::none_of(names.begin(), names.end(), [](const std::string& name) {
      return name.find(".quoit-") != std::string::npos;
    });
  }));
}

// A stalled reader costs the bytes that its own system has taken and a bounded number more, and
// nothing once the server has given it up. The kernel would accept some 4 MiB.
TEST(Limits, ReadersThatStallAreResetAndLeaveLittleInTheKernel) {
  Site site(with_limits({"--body-timeout", "0.5", "--log-format", "json"}));
  site.root.write("large", noise(30'000'000));
  std::vector<RawClient> stalled;
  for (int i = 0; i < 20; ++i) {
    stalled.push_back(site.connect());
    stalled.back().send(get("/large"));
  }
  const auto lines_so_far = [&] {
    const std::string log = site.process().out();
    return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
  };
  ASSERT_TRUE(eventually([&] { return lines_so_far() == stalled.size(); }));
  for (RawClient& client : stalled) EXPECT_EQ(client.ending(), Ending::reset);
  const std::string log = site.process().out();
  const std::string field = "\"bytes\":";
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = log.find(field, at)) != std::string::npos; ++lines) {
    at += field.size();
    EXPECT_LT(std::stoul(log.substr(at, 20)), 1'500'000U) << log.substr(at, 60);
  }
  EXPECT_EQ(lines, stalled.size());
}

}  // namespace
