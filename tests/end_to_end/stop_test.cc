// The end: what is in flight is finished or left out, nothing is left behind, the exit status is 0.
// And the start that is refused because there is no ring.
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::Ending;
using test_support::eventually;
using test_support::Finished;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::run;
using test_support::Scratch;
using test_support::Site;
using test_support::Timeout;

using Names = std::vector<std::string>;

// Only the end of the work can end these servers within the timeout of a test.
const Names patient = {"--grace",        "3600", "--idle-timeout", "3600",
                       "--body-timeout", "3600", "--writable"};

// Nobody can connect any more, although the server may still be at work.
bool refuses_connections(const Site& site) {
  return eventually([&] { return site.connect().connect_error() == ECONNREFUSED; });
}

TEST(Stop, IdleServerEndsAtOnce) {
  for (const int number : {SIGTERM, SIGINT}) {
    Site site(patient);
    site.root.write("a", "hello");
    RawClient silent = site.connect();
    RawClient idle = site.connect();
    EXPECT_EQ(idle.ask(get("/a")).body, "hello");
    site.signal(number);
    EXPECT_EQ(site.wait(), 0);
    EXPECT_EQ(silent.ending(), Ending::orderly);
    EXPECT_EQ(idle.ending(), Ending::orderly);
    EXPECT_TRUE(refuses_connections(site));
  }
}

TEST(Stop, DownloadIsFinishedWholeAndNobodyElseIsLetIn) {
  Site site(patient);
  const std::string bytes = noise(50'000'000);
  site.root.write("a", bytes);
  RawClient client = site.connect();
  client.send(get("/a"));
  std::string text = client.read_bytes(1000);
  site.signal(SIGTERM);
  EXPECT_TRUE(refuses_connections(site));
  EXPECT_FALSE(site.wait(Timeout(0)));
  const std::size_t begin = text.find("\r\n\r\n") + 4;
  text += client.read_bytes(bytes.size() + begin - text.size());
  EXPECT_TRUE(text.compare(begin, std::string::npos, bytes) == 0);
  EXPECT_EQ(client.ending(), Ending::orderly);
  EXPECT_EQ(site.wait(), 0);
}

TEST(Stop, UploadIsFinishedAndStored) {
  Site site(patient);
  const std::string bytes = noise(1'000'000);
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {"Content-Length: 1000000"}) + bytes.substr(0, 300'000));
  EXPECT_TRUE(eventually([&] { return !site.root.list().empty(); }));
  site.signal(SIGTERM);
  EXPECT_TRUE(refuses_connections(site));
  client.send(std::string_view(bytes).substr(300'000));
  const Response response = client.read_response();
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_EQ(site.wait(), 0);
  EXPECT_TRUE(site.root.read("a") == bytes);
  EXPECT_EQ(site.root.list(), Names{"a"});
}

TEST(Stop, HeadThatHasBegunIsStillAnswered) {
  Scratch place;
  Names arguments = patient;
  arguments.insert(arguments.end(), {"--listen", "unix:" + place.path("socket")});
  Site site(arguments);
  site.root.write("a", "hello");
  RawClient client = RawClient::to_unix(place.path("socket"));
  client.send_piece("GET /a HTTP/1.1\r\n");
  site.signal(SIGTERM);
  EXPECT_TRUE(refuses_connections(site));
  client.send("Host: test\r\n\r\n");
  const Response response = client.read_response();
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_EQ(site.wait(), 0);
}

// What the server finds when it continues, in one batch of events: clients in the accept queue,
// requests in the buffers of accepted connections, and the signal. No client may be reset.
TEST(Stop, EverythingThatArrivedBeforeTheSignalIsAnswered) {
  for (int round = 0; round < 10; ++round) {
    Scratch place;
    Names arguments = patient;
    arguments.insert(arguments.end(), {"--listen", "unix:" + place.path("socket")});
    Site site(arguments);
    site.root.write("a", "hello");
    const auto connect = [&](int number) {
      return number % 2 == 0 ? site.connect() : RawClient::to_unix(place.path("socket"));
    };
    std::vector<RawClient> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(connect(i));
    for (RawClient& client : clients) EXPECT_EQ(client.ask(get("/a")).body, "hello");
    site.suspend();
    for (int i = 0; i < 100; ++i) clients.push_back(connect(i));
    for (RawClient& client : clients) EXPECT_TRUE(client.send(get("/a")));
    site.signal(SIGTERM);
    site.signal(SIGCONT);
    for (RawClient& client : clients) {
      const Response response = client.read_response();
      EXPECT_EQ(response.body, "hello");
      EXPECT_EQ(client.ending(), Ending::orderly);
    }
    EXPECT_EQ(site.wait(), 0);
  }
}

TEST(Stop, RequestsAreAnsweredAsBeforeDuringTheDrainDelay) {
  Names arguments = patient;
  arguments.insert(arguments.end(), {"--drain-delay", "3600"});
  Site site(arguments);
  site.root.write("a", "hello");
  RawClient kept = site.connect();
  EXPECT_EQ(kept.ask(get("/a")).body, "hello");
  site.signal(SIGTERM);
  for (int i = 0; i < 20; ++i) {
    const Response response = kept.ask(get("/a"));
    EXPECT_EQ(response.body, "hello");
    EXPECT_FALSE(response.has("Connection"));
    EXPECT_EQ(site.ask(get("/a")).body, "hello");
  }
  EXPECT_FALSE(site.wait(Timeout(0)));
  site.signal(SIGINT);  // a second SIGTERM would be lost while the first one is pending
  EXPECT_EQ(site.wait(), 0);
  EXPECT_EQ(kept.ending(), Ending::orderly);
}

TEST(Stop, ServerDrainsAfterTheDrainDelay) {
  Names arguments = patient;
  arguments.insert(arguments.end(), {"--drain-delay", "0.2"});
  Site site(arguments);
  RawClient idle = site.connect();
  site.signal(SIGTERM);
  EXPECT_EQ(site.wait(), 0);
  EXPECT_EQ(idle.ending(), Ending::orderly);
}

// A server in the midst of a download and of an upload that do not go on.
struct Busy {
  explicit Busy(const Names& more) : site(with(more)) {
    site.root.write("large", noise(50'000'000));
    reader.send(get("/large"));
    EXPECT_EQ(reader.read_bytes(15), "HTTP/1.1 200 OK");
    writer.send(request("PUT", "/new/file", {"Content-Length: 1000000"}) + noise(500'000));
    EXPECT_TRUE(eventually([&] { return site.root.list().size() == 2; }));
  }
  static Names with(Names more) {
    more.insert(more.end(), {"--writable", "--body-timeout", "3600", "--log-format", "json"});
    return more;
  }
  void expect_nothing_left() {
    EXPECT_EQ(site.wait(), 0);
    EXPECT_EQ(site.root.list(), Names{"large"});
    const std::string log = site.process().out();
    EXPECT_NE(log.find("\"target\":\"/large\""), std::string::npos) << log;
    EXPECT_NE(log.find("\"aborted\":true"), std::string::npos) << log;
    EXPECT_NE(log.find("\"target\":\"/new/file\""), std::string::npos) << log;
    EXPECT_LT(reader.read_to_end().size(), 50'000'000U);
  }
  Site site;
  RawClient reader = site.connect();
  RawClient writer = site.connect();
};

TEST(Stop, GracePeriodEndsWhatDoesNotGoOn) {
  Busy busy({"--grace", "0.3"});
  busy.site.signal(SIGTERM);
  busy.expect_nothing_left();
}

TEST(Stop, SecondSignalEndsAtOnce) {
  Busy busy({"--grace", "3600"});
  busy.site.signal(SIGTERM);
  EXPECT_TRUE(refuses_connections(busy.site));
  busy.site.signal(SIGINT);
  busy.expect_nothing_left();
}

TEST(Stop, LingeringCloseIsWaitedForAFewSecondsAtMost) {
  Site site({"--grace", "3600"});
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {"Content-Length: 100000000"}) + noise(1000));
  EXPECT_EQ(client.read_response().status, 405);
  site.signal(SIGTERM);
  EXPECT_EQ(site.wait(), 0);
}

// What a client under load saw.
struct Tally {
  std::atomic<int> whole = 0;
  std::atomic<int> broken = 0;
};

// Asks again and again until it cannot connect any more. A connection may be closed before any
// byte of an answer, and at no other time.
void keep_asking(const Site& site, const std::string& target, std::size_t size, Tally& tally) {
  for (;;) {
    RawClient client = site.connect();
    if (!client.ok()) return;
    for (int i = 0; i < 20; ++i) {
      if (!client.send(get(target))) break;
      std::array<char, 1> first{};
      if (client.read_some(first) == 0) break;
      const Response response = client.read_response_after(first[0]);
      const bool whole = response.whole && response.status == 200 && response.body.size() == size;
      ++(whole ? tally.whole : tally.broken);
      if (!whole || response.field("Connection") == "close") break;
    }
  }
}

TEST(Stop, UnderLoadEveryAnswerThatBeganIsWhole) {
  for (const std::size_t size : {std::size_t{10}, std::size_t{700'000}}) {
    Site site(patient);
    site.root.write("a", noise(size));
    Tally tally;
    std::vector<std::jthread> clients;
    clients.reserve(8);
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back([&] { keep_asking(site, "/a", size, tally); });
    }
    EXPECT_TRUE(eventually([&] { return tally.whole > 200; }));
    site.signal(SIGTERM);
    EXPECT_EQ(site.wait(), 0);
    for (std::jthread& client : clients) client.join();
    EXPECT_EQ(tally.broken, 0);
  }
}

TEST(Stop, UnderLoadOfWritersEveryStoredFileIsWhole) {
  Site site(patient);
  const std::string bytes = noise(200'000);
  std::atomic<int> stored = 0;
  std::vector<std::jthread> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      for (int j = 0;; ++j) {
        RawClient client = site.connect();
        const std::string name = "/" + std::to_string(i) + "/" + std::to_string(j);
        if (!client.ok() || !client.send(put(name, bytes))) return;
        if (client.has_bytes(20'000) && client.read_bytes(12) == "HTTP/1.1 201") ++stored;
      }
    });
  }
  EXPECT_TRUE(eventually([&] { return stored > 40; }));
  site.signal(SIGTERM);
  EXPECT_EQ(site.wait(), 0);
  for (std::jthread& client : clients) client.join();
  int files = 0;
  for (const std::string& name : site.root.list()) {
    if (name.ends_with('/')) continue;
    ++files;
    EXPECT_TRUE(site.root.read(name) == bytes) << name;
  }
  EXPECT_GE(files, stored.load());
}

}  // namespace
