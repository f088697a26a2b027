// PUT and DELETE as writers and readers see them: whole files or nothing, whatever breaks off.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <utility>
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

const std::string chunked = "Transfer-Encoding: chunked";
const std::string expect = "Expect: 100-continue";

std::string length(std::size_t bytes) { return "Content-Length: " + std::to_string(bytes); }

bool has_temporary(const Scratch& root) {
  const Names names = root.list();
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name.find(".quoit-") != std::string::npos;
  });
}

TEST(Put, NewFileIs201WithItsTagAndPlace) {
  Site site({"--writable"});
  const Response response = site.ask(put("/a%20b.txt?x", "hello"));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.field("Location"), "/a%20b.txt");
  EXPECT_EQ(site.root.read("a b.txt"), "hello");
  const Response got = site.ask(get("/a%20b.txt"));
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.field("ETag"), response.field("ETag"));
  EXPECT_FALSE(response.field("ETag").empty());
}

TEST(Put, ReplacedFileIs204WithANewTag) {
  Site site({"--writable"});
  const std::string first = site.ask(put("/a", "one")).field("ETag");
  const Response response = site.ask(put("/a", "two"));
  EXPECT_EQ(response.status, 204);
  EXPECT_FALSE(response.has("Content-Length"));
  EXPECT_FALSE(response.has("Location"));
  EXPECT_NE(response.field("ETag"), first);
  EXPECT_EQ(response.field("ETag"), site.ask(get("/a")).field("ETag"));
  EXPECT_EQ(site.root.list(), Names{"a"});
}

TEST(Put, EveryReplacementHasATagOfItsOwn) {
  Site site({"--writable"});
  RawClient client = site.connect();
  Names tags;
  for (int i = 0; i < 200; ++i) tags.push_back(client.ask(put("/a", "same")).field("ETag"));
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(std::unique(tags.begin(), tags.end()), tags.end());
}

TEST(Put, ParentsAreCreated) {
  Site site({"--writable"});
  site.root.make_directory("a");
  EXPECT_EQ(site.ask(put("/a/b%20c/d/file", "hello")).status, 201);
  EXPECT_EQ(site.root.list(), (Names{"a/", "a/b c/", "a/b c/d/", "a/b c/d/file"}));
  EXPECT_EQ(site.ask(put("/a/b%20c/d/file", "again")).status, 204);
  EXPECT_EQ(site.root.read("a/b c/d/file"), "again");
}

TEST(Put, ParentIsReachedThroughALink) {
  Site site({"--writable"});
  site.root.make_directory("a/b");
  site.root.make_link("link", "a");
  EXPECT_EQ(site.ask(put("/link/b/c/file", "hello")).status, 201);
  EXPECT_EQ(site.root.read("a/b/c/file"), "hello");
}

TEST(Put, ChunkedBodyWithTrailersIsStoredWithoutThem) {
  Site site({"--writable"});
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {chunked}) +
              "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nDigest: z\r\nX: y\r\n\r\n" + get("/a"));
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_EQ(client.read_response().body, "hello, world");
}

TEST(Put, LargeChunkedBodyIsStoredByteForByte) {
  Site site({"--writable"});
  const std::string bytes = noise(3'000'000);
  std::string body;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t count = std::min(bytes.size() - at, at % 70'001 + 1);
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", count);
    body += size.data() + bytes.substr(at, count) + "\r\n";
    at += count;
  }
  EXPECT_EQ(site.ask(request("PUT", "/a", {chunked}) + body + "0\r\n\r\n").status, 201);
  EXPECT_TRUE(site.root.read("a") == bytes);
}

TEST(Put, EmptyBodyMakesAnEmptyFile) {
  Site site({"--writable"});
  EXPECT_EQ(site.ask(put("/a", "")).status, 201);
  EXPECT_EQ(site.ask(request("PUT", "/b", {chunked}) + "0\r\n\r\n").status, 201);
  EXPECT_EQ(site.ask(request("PUT", "/c")).status, 201);
  EXPECT_EQ(site.ask(request("PUT", "/d", {length(0), expect})).status, 201);
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_EQ(site.root.read(name), "") << name;
}

TEST(Put, HundredMebibytesAreStoredByteForByte) {
  Site site({"--writable"});
  const std::string part = noise(std::size_t{10} << 20);
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {length(10 * part.size())}));
  for (int i = 0; i < 10; ++i) client.send(part);
  EXPECT_EQ(client.read_response().status, 201);
  const std::string stored = site.root.read("a").value_or("");
  ASSERT_EQ(stored.size(), 10 * part.size());
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(stored.compare(i * part.size(), part.size(), part) == 0) << "part " << i;
  }
}

TEST(Put, ContinueIsSaidAtOnceWhereTheClientWaitsForIt) {
  Site site({"--writable"});
  for (const std::string& framing : {length(5), chunked}) {
    RawClient client = site.connect();
    client.send(request("PUT", "/a", {framing, expect}));
    const Response go_on = client.read_response();
    EXPECT_EQ(go_on.status, 100);
    EXPECT_EQ(go_on.head, "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_FALSE(client.has_bytes());
    client.send(framing == chunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello");
    const int status = client.read_response().status;
    EXPECT_TRUE(status == 201 || status == 204) << status;
    EXPECT_EQ(client.ask(get("/a")).body, "hello");
  }
}

TEST(Put, ContinueIsSaidAfterTheAnswersBefore) {
  Site site({"--writable"});
  site.root.write("before", "before");
  RawClient client = site.connect();
  client.send(get("/before") + request("PUT", "/a", {length(5), expect}));
  EXPECT_EQ(client.read_response().body, "before");
  EXPECT_EQ(client.read_response().status, 100);
  EXPECT_EQ(client.ask("hello").status, 201);
}

TEST(Put, ContinueIsNotSaidToThoseWhoDoNotWait) {
  Site site({"--writable"});
  EXPECT_EQ(site.ask(put("/a", "hello", {expect})).status, 201);
  // RFC 9110 10.1.1: the expectation of an HTTP/1.0 client is ignored.
  RawClient client = site.connect();
  client.send("PUT /b HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_FALSE(client.has_bytes(50));
  EXPECT_EQ(client.ask("hello").status, 201);
}

TEST(Put, ContinueIsNotSaidBeforeARefusal) {
  Site site({"--writable", "--max-body", "1000"});
  site.root.write("file", "x");
  site.root.make_directory("directory");
  const std::string small = length(5);
  const struct {
    const char* method;
    const char* target;
    Names fields;
    int status;
  } rows[] = {
      {"PUT", "/a", {length(1001), expect}, 413},
      {"PUT", "/a", {small, "Expect: 100-continue, more"}, 417},
      {"PUT", "/a", {small, expect, "If-Match: *"}, 412},
      {"PUT", "/file", {small, expect, "If-None-Match: *"}, 412},
      {"PUT", "/file", {small, expect, "If-Match: \"x\""}, 412},
      {"PUT", "/directory", {small, expect}, 409},
      {"PUT", "/directory/", {small, expect}, 409},
      {"PUT", "/file/below", {small, expect}, 409},
      {"PUT", "/a", {small, expect, "Content-Range: bytes 0-5/6"}, 400},
      {"PUT", "/file", {small, expect, "Content-Range: bytes 2-6/*"}, 409},
      {"PUT", "/a", {small, expect, "X-OC-MTime: soon"}, 400},
      {"PUT", "/.a", {small, expect}, 403},
      {"POST", "/a", {small, expect}, 405},
      {"BREW", "/a", {small, expect}, 501},
      {"PUT", "/../a", {small, expect}, 400},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(testing::PrintToString(row.fields) + row.method + row.target);
    RawClient client = site.connect();
    const Response response = client.ask(request(row.method, row.target, row.fields));
    EXPECT_EQ(response.status, row.status);
    // Whether the body comes is anybody's guess, so nothing can follow.
    EXPECT_EQ(response.field("Connection"), "close");
    client.finish_sending();
    EXPECT_EQ(client.read_to_end(), "");
  }
  EXPECT_EQ(site.root.list(), (Names{"directory/", "file"}));
}

TEST(Put, BodyThatEndsShortLeavesNothing) {
  Site site({"--writable"});
  site.root.write("old", "old");
  for (const std::string& framing : {length(100'000), chunked}) {
    for (const char* target : {"/new", "/deep/er/new", "/old"}) {
      RawClient client = site.connect();
      client.send(request("PUT", target, {framing}) + "fff\r\n" + noise(3000));
      client.finish_sending();
      const std::string answer = client.read_to_end();
      EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 400 ")) << answer;
      EXPECT_EQ(site.root.list(), Names{"old"}) << target;
    }
  }
  EXPECT_EQ(site.root.read("old"), "old");
}

TEST(Put, ClientThatVanishesLeavesNothing) {
  Site site({"--writable", "--log-format", "json"});
  site.root.write("old", "old");
  for (const char* target : {"/new", "/deep/er/new", "/old"}) {
    RawClient client = site.connect();
    client.send(request("PUT", target, {length(1'000'000)}) + noise(600'000));
    EXPECT_TRUE(eventually([&] { return has_temporary(site.root); }));
    client.reset();
    EXPECT_TRUE(eventually([&] { return site.root.list() == Names{"old"}; })) << target;
  }
  EXPECT_EQ(site.root.read("old"), "old");
  EXPECT_TRUE(site.wait_for_log("\"target\":\"/old\""));
  EXPECT_EQ(site.ask(put("/new", "x")).status, 201);
}

TEST(Put, ReadOnlyServerRefusesSoThatTheClientCanReadIt) {
  Site site;
  // A client that sends all before it reads anything, and much more than is dropped gladly.
  for (const std::size_t size : {std::size_t{100}, std::size_t{100'000}, std::size_t{20'000'000}}) {
    RawClient client = site.connect();
    client.send(put("/a", noise(size)));
    const Response response = client.read_response();
    EXPECT_EQ(response.status, 405) << size;
    EXPECT_EQ(response.field("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_TRUE(response.whole);
    if (size == 100) {  // worth to be read over
      EXPECT_FALSE(response.has("Connection"));
      EXPECT_EQ(client.ask(get("/none")).status, 404);
    } else {
      EXPECT_EQ(response.field("Connection"), "close");
      client.finish_sending();
      EXPECT_EQ(client.ending(), Ending::orderly);
    }
  }
  EXPECT_EQ(site.root.list(), Names{});
}

TEST(Put, ReadOnlyServerRefusesChunksSoThatTheClientCanReadIt) {
  Site site;
  for (const std::size_t size : {std::size_t{100}, std::size_t{20'000'000}}) {
    RawClient client = site.connect();
    std::array<char, 32> line{};
    std::snprintf(line.data(), line.size(), "%zx\r\n", size);
    client.send(request("PUT", "/a", {chunked}) + line.data() + noise(size) + "\r\n0\r\n\r\n");
    const Response response = client.read_response();
    EXPECT_EQ(response.status, 405) << size;
    EXPECT_TRUE(response.whole);
    client.finish_sending();
    EXPECT_EQ(client.ending(), Ending::orderly) << size;
  }
}

// Every refusal, with bodies that are small, large, and larger than anybody would read over; sent
// by a client that looks up only now and then, and by one that waits to be asked.
TEST(Put, RefusalsReachTheClientHoweverLargeTheBody) {
  const std::vector<std::string> full = {"--writable", "--reserve", "1000T"};
  const std::vector<std::string> small = {"--writable", "--max-body", "1000"};
  const struct {
    std::vector<std::string> options;
    Names fields;
    int status;
  } rows[] = {
      {{}, {}, 405},
      {small, {}, 413},
      {full, {}, 507},
      {{"--writable"}, {"If-Match: \"x\""}, 412},
  };
  const std::string piece = noise(65536);
  for (const auto& row : rows) {
    Site site(row.options);
    for (const std::size_t bytes :
         {std::size_t{1} << 10, std::size_t{1} << 20, std::size_t{1} << 30}) {
      SCOPED_TRACE(std::to_string(row.status) + ", " + std::to_string(bytes) + " bytes");
      Names fields = row.fields;
      fields.push_back(length(bytes));
      RawClient client = site.connect();
      client.send(request("PUT", "/a", fields));
      for (std::size_t sent = 0; sent < bytes && !client.has_bytes();) {
        sent += client.send_some(piece.substr(0, std::min(piece.size(), bytes - sent)));
      }
      const Response response = client.read_response();
      EXPECT_EQ(response.status, row.status);
      EXPECT_TRUE(response.whole);
      client.finish_sending();
      EXPECT_EQ(client.ending(), Ending::orderly);

      fields.push_back(expect);
      RawClient polite = site.connect();
      const Response refusal = polite.ask(request("PUT", "/a", fields));
      EXPECT_EQ(refusal.status, row.status);
      EXPECT_EQ(refusal.field("Connection"), "close");
    }
    EXPECT_EQ(site.root.list(), Names{});
  }
}

TEST(Put, ClientThatHasFinishedSendingGetsItsAnswer) {
  Site site({"--writable"});
  RawClient client = site.connect();
  client.send(put("/a", noise(500'000)));
  client.finish_sending();
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_EQ(client.ending(), Ending::orderly);
}

TEST(Put, WhatTheProcessMayNotWriteIs413AndTheServerGoesOn) {
  Site site({"--writable"}, {.wrapper = {"sh", "-c", "ulimit -f 1000; exec \"$@\"", "sh"}});
  EXPECT_EQ(site.ask(put("/a", noise(2'000'000))).status, 413);
  EXPECT_EQ(site.root.list(), Names{});
  EXPECT_EQ(site.ask(put("/a", "hello")).status, 201);
}

TEST(Put, WhatTheDiskCannotHoldIs507AndTheServerGoesOn) {
  Scratch place;
  place.make_directory("disk");
  const std::string mount = "mount -t tmpfs -o size=1m none " + place.path("disk");
  const std::vector<std::string> alone = {"unshare", "-rm", "sh", "-c", mount + " && exec \"$@\"",
                                          "sh"};
  std::vector<std::string> attempt = alone;
  attempt.push_back("true");
  if (test_support::run(attempt).status != 0) GTEST_SKIP() << "no right to mount";
  Site site({"--writable"}, {.wrapper = alone, .served = place.path("disk")});
  for (int i = 0; i < 3; ++i) {  // again and again: what was refused must not stay
    RawClient client = site.connect();
    client.send(put("/a", noise(3'000'000)));
    EXPECT_EQ(client.read_response().status, 507);
  }
  EXPECT_EQ(site.ask(put("/a", noise(900'000))).status, 201);
  EXPECT_TRUE(site.ask(get("/a")).body == noise(900'000));
}

TEST(Put, WhatStandsInTheWayIsAConflict) {
  Site site({"--writable"});
  site.root.write("file", "x");
  site.root.make_directory("directory");
  const Names before = site.root.list();
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(put("/directory", "x")).status, 409);
  EXPECT_EQ(client.ask(put("/directory/", "x")).status, 409);
  EXPECT_EQ(client.ask(put("/new/", "x")).status, 409);
  EXPECT_EQ(client.ask(put("/", "x")).status, 409);
  EXPECT_EQ(client.ask(put("/file/below", "x")).status, 409);
  EXPECT_EQ(client.ask(put("/file/deep/below", "x")).status, 409);
  EXPECT_EQ(site.root.list(), before);
}

TEST(Put, NamesThatCannotBeAreRefused) {
  Site site({"--writable"});
  const std::string longest(255, 'n');
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(put("/" + longest, "x")).status, 201);
  EXPECT_EQ(client.ask(put("/" + longest + "n", "x")).status, 400);
  EXPECT_EQ(client.ask(put("/deep/er/" + longest + "n", "x")).status, 400);
  EXPECT_EQ(client.ask(put("/deep/" + longest + "n/er", "x")).status, 400);
  EXPECT_EQ(client.ask(put("/.hidden", "x")).status, 403);
  EXPECT_EQ(client.ask(put("/.hidden/a", "x")).status, 403);
  EXPECT_EQ(site.root.list(), Names{longest});
}

TEST(Put, PartOfAFileGoesWhereItBelongs) {
  Site site({"--writable"});
  site.root.write("a", "0123456789");
  EXPECT_EQ(site.ask(put("/a", "xx", {"Content-Range: bytes 2-3/10"})).status, 204);
  EXPECT_EQ(site.root.read("a"), "01xx456789");
  const std::string more = noise(3'000'000);
  const std::string range = "Content-Range: bytes 10-3000009/3000010";
  EXPECT_EQ(site.ask(put("/a", more, {range, expect})).status, 204);
  EXPECT_TRUE(site.root.read("a") == "01xx456789" + more);
  EXPECT_EQ(site.ask(put("/a", "x", {"Content-Range: bytes 3000011-3000011/*"})).status, 409);
  EXPECT_EQ(site.ask(put("/a", "x", {"Content-Range: bytes x"})).status, 400);
  EXPECT_EQ(site.root.list(), Names{"a"});
}

TEST(Put, ConditionsOfAWriterAreKept) {
  Site site({"--writable"});
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(put("/a", "1", {"If-Match: *"})).status, 412);
  EXPECT_FALSE(site.root.exists("a"));
  EXPECT_EQ(client.ask(put("/a", "1", {"If-None-Match: *"})).status, 201);
  EXPECT_EQ(client.ask(put("/a", "2", {"If-None-Match: *"})).status, 412);
  const std::string tag = client.ask(get("/a")).field("ETag");
  EXPECT_EQ(client.ask(put("/a", "2", {"If-Match: \"x\""})).status, 412);
  EXPECT_EQ(client.ask(put("/a", "2", {"If-None-Match: " + tag})).status, 412);
  EXPECT_EQ(site.root.read("a"), "1");
  EXPECT_EQ(client.ask(put("/a", "2", {"If-Match: " + tag})).status, 204);
  EXPECT_EQ(client.ask(put("/a", "3", {"If-Match: " + tag})).status, 412);
  EXPECT_EQ(client.ask(request("DELETE", "/a", {"If-Match: " + tag})).status, 412);
  EXPECT_EQ(site.root.read("a"), "2");
  EXPECT_EQ(client.ask(request("DELETE", "/a", {"If-Match: *"})).status, 204);
}

// Starts uploads that all have been let in before any of them ends.
std::vector<RawClient> begin_together(const Site& site, int count, const Names& fields) {
  std::vector<RawClient> clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(site.connect());
    clients.back().send(request("PUT", "/a", fields));
    EXPECT_EQ(clients.back().read_response().status, 100);
  }
  return clients;
}

// Ends them at once; how many were answered so.
int end_together(std::vector<RawClient>& clients, int status, int otherwise) {
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send(std::to_string(i));
  int count = 0;
  for (RawClient& client : clients) {
    const int got = client.read_response().status;
    EXPECT_TRUE(got == status || got == otherwise) << got;
    count += got == status;
  }
  return count;
}

TEST(Put, OfTenWritersThatWantANewFileOneWins) {
  Site site({"--writable"});
  std::vector<RawClient> clients =
      begin_together(site, 10, {length(1), expect, "If-None-Match: *"});
  EXPECT_EQ(end_together(clients, 201, 412), 1);
  EXPECT_EQ(site.root.list(), Names{"a"});
}

// Creating is exact between processes, too: the kernel decides.
TEST(Put, OfTenWritersAtTwoServersThatWantANewFileOneWins) {
  Site first({"--writable"});
  Site second({"--writable"}, {.served = first.root.path()});
  const Names fields = {length(1), expect, "If-None-Match: *"};
  std::vector<RawClient> clients = begin_together(first, 5, fields);
  for (RawClient& client : begin_together(second, 5, fields)) clients.push_back(std::move(client));
  EXPECT_EQ(end_together(clients, 201, 412), 1);
  EXPECT_EQ(first.root.list(), Names{"a"});
}

TEST(Put, OfTenWritersWithTheSameTagOneWins) {
  Site site({"--writable"});
  const std::string tag = site.ask(put("/a", "old")).field("ETag");
  std::vector<RawClient> clients =
      begin_together(site, 10, {length(1), expect, "If-Match: " + tag});
  EXPECT_EQ(end_together(clients, 204, 412), 1);
  EXPECT_EQ(site.root.list(), Names{"a"});
}

// Each reads a number with its tag and puts the next one if nobody else did: no write is lost.
TEST(Put, CountersOfManyWritersLoseNoCount) {
  Site site({"--writable", "--access-log", "off"});
  site.root.write("a", "0");
  std::atomic<int> successes = 0;
  std::vector<std::jthread> writers;
  for (int i = 0; i < 6; ++i) {
    writers.emplace_back([&] {
      RawClient client = site.connect();
      for (int n = 0; n < 60; ++n) {
        const Response got = client.ask(get("/a"));
        const std::string next = std::to_string(std::stoi(got.body) + 1);
        const int status = client.ask(put("/a", next, {"If-Match: " + got.field("ETag")})).status;
        EXPECT_TRUE(status == 204 || status == 412) << status;
        successes += status == 204;
      }
    });
  }
  writers.clear();
  EXPECT_EQ(site.root.read("a"), std::to_string(successes));
  EXPECT_GE(successes, 60);
}

TEST(Put, OfTwoWritersOneWholeFileWins) {
  Site site({"--writable"});
  const std::string one = noise(1'000'000, 1);
  const std::string two = noise(1'500'000, 2);
  RawClient first = site.connect();
  RawClient second = site.connect();
  first.send(request("PUT", "/a", {length(one.size())}));
  second.send(request("PUT", "/a", {length(two.size())}));
  for (std::size_t at = 0; at < two.size(); at += 10'000) {
    first.send(std::string_view(one).substr(std::min(at, one.size()), 10'000));
    second.send(std::string_view(two).substr(at, 10'000));
  }
  EXPECT_LT(first.read_response().status, 300);
  EXPECT_LT(second.read_response().status, 300);
  const std::string stored = site.root.read("a").value_or("");
  EXPECT_TRUE(stored == one || stored == two);
  EXPECT_EQ(site.root.list(), Names{"a"});
}

TEST(Put, ReaderInMidTransferKeepsTheFileItBeganWith) {
  Site site({"--writable"});
  const std::string before = noise(40'000'000, 1);
  site.root.write("a", before);
  RawClient reader = site.connect();
  reader.send(get("/a"));
  std::string text = reader.read_bytes(100'000);
  EXPECT_EQ(site.ask(put("/a", "new")).status, 204);
  EXPECT_EQ(site.ask(get("/a")).body, "new");
  const std::size_t begin = text.find("\r\n\r\n") + 4;
  text += reader.read_bytes(before.size() + begin - text.size());
  EXPECT_TRUE(text.compare(begin, std::string::npos, before) == 0);
}

TEST(Put, ReadersSeeAWholeFileAtEveryInstant) {
  Site site({"--writable"});
  const std::string one(300'000, '1');
  const std::string two(200'000, '2');
  site.root.write("a", one);
  std::jthread writing([&] {
    RawClient writer = site.connect();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(writer.ask(put("/a", i % 2 ? one : two)).status, 204);
  });
  RawClient reader = site.connect();
  for (int i = 0; i < 300; ++i) {
    const std::string body = reader.ask(get("/a")).body;
    ASSERT_TRUE(body == one || body == two) << body.size();
  }
  writing.join();
}

TEST(Put, KilledServerLeavesTheOldFileWhole) {
  Scratch root;
  const std::string old = noise(1'000'000);
  root.write("a", old);
  {
    Site site({"--writable"}, {.served = root.path()});
    RawClient writer = site.connect();
    writer.send(request("PUT", "/a", {length(2'000'000)}) + noise(1'500'000, 2));
    EXPECT_TRUE(eventually([&] { return has_temporary(root); }));
    site.signal(SIGKILL);
    EXPECT_EQ(site.wait(), -SIGKILL);
  }
  EXPECT_TRUE(root.read("a") == old);
  Site again({"--writable"}, {.served = root.path()});
  EXPECT_TRUE(again.ask(get("/a")).body == old);
  EXPECT_EQ(again.ask(put("/a", "new")).status, 204);
  EXPECT_EQ(root.read("a"), "new");
}

TEST(Put, RequestBehindAPutInTheSameSegmentIsAnswered) {
  Site site({"--writable"});
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {chunked}) + "5\r\nhello\r\n0\r\n\r\n" + get("/a") +
              put("/b", "world") + get("/b") + request("DELETE", "/b") + get("/b"));
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_EQ(client.read_response().body, "world");
  EXPECT_EQ(client.read_response().status, 204);
  EXPECT_EQ(client.read_response().status, 404);
}

TEST(Put, ManyRequestsBehindALargeChunkedPutAreAnswered) {
  Site site({"--writable"});
  const std::string bytes = noise(100'000);
  std::string text = request("PUT", "/a", {chunked}) + "186a0\r\n" + bytes + "\r\n0\r\n\r\n";
  for (int i = 0; i < 500; ++i) text += get("/small");
  site.root.write("small", "small");
  RawClient client = site.connect();
  std::jthread sending([&] { client.send(text); });
  EXPECT_EQ(client.read_response().status, 201);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read_response().body, "small") << i;
  sending.join();
  EXPECT_TRUE(site.root.read("a") == bytes);
}

TEST(Put, DurableUploadsAreStoredAsOthersAre) {
  for (const char* durability : {"none", "data", "full"}) {
    Site site({"--writable", "--durability", durability});
    const std::string bytes = noise(600'000);
    EXPECT_EQ(site.ask(put("/a/b/c", bytes)).status, 201) << durability;
    EXPECT_EQ(site.ask(put("/a/b/c", bytes + "x")).status, 204) << durability;
    EXPECT_TRUE(site.ask(get("/a/b/c")).body == bytes + "x") << durability;
    EXPECT_EQ(site.ask(request("DELETE", "/a/b/c")).status, 204) << durability;
    EXPECT_EQ(site.ask(request("DELETE", "/a/b/")).status, 204) << durability;
  }
}

TEST(Put, TimeOfTheClientIsKept) {
  Site site({"--writable"});
  const Response response = site.ask(put("/a", "x", {"X-OC-MTime: 784111777"}));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.field("X-OC-MTime"), "accepted");
  EXPECT_EQ(response.field("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  const Response got = site.ask(get("/a"));
  EXPECT_EQ(got.field("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(got.field("ETag"), response.field("ETag"));
  struct stat status {};
  ASSERT_EQ(::stat(site.root.path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 784111777);
}

TEST(Put, UmaskOfTheServerIsRespected) {
  Site site({"--writable"}, {.wrapper = {"sh", "-c", "umask 027; exec \"$@\"", "sh"}});
  EXPECT_EQ(site.ask(put("/directory/file", "x")).status, 201);
  struct stat status {};
  ASSERT_EQ(::stat(site.root.path("directory/file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  ASSERT_EQ(::stat(site.root.path("directory").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0750U);
}

TEST(Delete, RemovesFilesAndEmptyDirectories) {
  Site site({"--writable"});
  site.root.write("full/file", "x");
  site.root.write("file", "x");
  site.root.make_directory("empty");
  site.root.make_directory("empty-too");
  site.root.make_link("link", "file");
  RawClient client = site.connect();
  const auto status = [&](const char* target) {
    return client.ask(request("DELETE", target, {"Depth: Infinity"})).status;
  };
  EXPECT_EQ(status("/none"), 404);
  EXPECT_EQ(status("/none/below"), 404);
  EXPECT_EQ(status("/file/"), 404);
  EXPECT_EQ(status("/file/below"), 404);
  EXPECT_EQ(status("/full"), 409);
  EXPECT_EQ(status("/full/"), 409);
  EXPECT_EQ(status("/"), 409);
  EXPECT_EQ(status("/.hidden"), 403);
  EXPECT_EQ(status("/link"), 204);
  EXPECT_EQ(site.root.read("file"), "x");
  EXPECT_EQ(status("/file"), 204);
  EXPECT_EQ(status("/file"), 404);
  EXPECT_EQ(status("/empty"), 204);
  EXPECT_EQ(status("/empty-too/"), 204);
  EXPECT_EQ(status("/full/file"), 204);
  EXPECT_EQ(site.root.list(), Names{"full/"});
}

}  // namespace
