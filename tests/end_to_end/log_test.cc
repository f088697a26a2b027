// What the logs say, and that they lose nothing.
#include <algorithm>
#include <regex>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Scratch;
using test_support::Site;

// The lines of a text; a last one without its end counts.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Everything logged, once the server has ended.
std::vector<std::string> final_log(Site& site) {
  site.stop();
  return lines_of(site.process().out());
}

TEST(Log, CombinedLinesAreAsApacheWritesThem) {
  Site site;
  site.root.write("a", "hello");
  RawClient client = site.connect();
  client.ask(get("/a?x=1", {"Referer: http://r/", "User-Agent: test/1.0"}));
  client.ask(request("HEAD", "/a"), RawClient::To::head);
  client.ask(get("/a", {"Range: bytes=1-2"}));
  client.ask(get("/none"));
  client.ask("GET /a HTTP/1.0\r\n\r\n");
  const std::vector<std::string> log = final_log(site);
  ASSERT_EQ(log.size(), 5U);
  const std::string begin =
      R"(127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] )";
  const char* rest[] = {
      R"("GET /a\?x=1 HTTP/1\.1" 200 5 "http://r/" "test/1\.0")",
      R"("HEAD /a HTTP/1\.1" 200 0 "-" "-")",
      R"("GET /a HTTP/1\.1" 206 2 "-" "-")",
      R"("GET /none HTTP/1\.1" 404 \d+ "-" "-")",
      R"("GET /a HTTP/1\.0" 200 5 "-" "-")",
  };
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_TRUE(std::regex_match(log[i], std::regex(begin + rest[i]))) << log[i];
  }
}

TEST(Log, JsonLinesHaveAllFields) {
  Site site({"--log-format", "json", "--writable"});
  RawClient client = site.connect();
  client.ask(put("/a", "hello", {"Referer: http://r/", "User-Agent: test/1.0"}));
  client.ask(get("/a"));
  const std::vector<std::string> log = final_log(site);
  ASSERT_EQ(log.size(), 2U);
  const std::string time = R"(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","remote":"127\.0\.0\.1",)";
  EXPECT_TRUE(std::regex_match(
      log[0], std::regex(time + R"("method":"PUT","target":"/a","protocol":"HTTP/1.1",)"
                                R"("status":201,"bytes":0,"duration_us":\d+,"referer":"http://r/",)"
                                R"("user_agent":"test/1.0","aborted":false\})")))
      << log[0];
  EXPECT_TRUE(std::regex_match(
      log[1], std::regex(time + R"("method":"GET","target":"/a","protocol":"HTTP/1.1",)"
                                R"("status":200,"bytes":5,"duration_us":\d+,"referer":"",)"
                                R"("user_agent":"","aborted":false\})")))
      << log[1];
}

// %O is the number of bytes that the client has received, %b that of the body.
TEST(Log, LinesMayHaveAFormatInApachesLetters) {
  Site site({"--log-format", R"(%h %U%q "%{X-Team}i" %>s %b %B %O %D %X)"}, {.workers = 1});
  site.root.write("a", "hello");
  RawClient client = site.connect();
  const std::string first = get("/a?x=1", {"X-Team: build\x80"});
  const test_support::Response whole = client.ask(first);
  const test_support::Response head = client.ask(request("HEAD", "/a"), RawClient::To::head);
  const test_support::Response last = client.ask(get("/none", {"Connection: close"}));
  client.close();
  site.ask("nonsense\r\n\r\n");
  const std::vector<std::string> log = final_log(site);
  ASSERT_EQ(log.size(), 4U);
  const auto size_of = [](const test_support::Response& response) {
    return std::to_string(response.head.size() + response.body.size());
  };
  const std::string body = std::to_string(last.body.size());
  const std::string rows[] = {
      R"(127\.0\.0\.1 /a\?x=1 "build\\x80" 200 5 5 )" + size_of(whole) + R"( \d+ \+)",
      R"(127\.0\.0\.1 /a "-" 200 - 0 )" + size_of(head) + R"( \d+ \+)",
      R"(127\.0\.0\.1 /none "-" 404 )" + body + " " + body + " " + size_of(last) + R"( \d+ -)",
      R"(127\.0\.0\.1 - "-" 400 \d+ \d+ \d+ \d+ -)",
  };
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_TRUE(std::regex_match(log[i], std::regex(rows[i]))) << log[i] << "\n" << rows[i];
  }
}

TEST(Log, BytesThatCouldBreakALineOrATerminalAreEscaped) {
  for (const bool json : {false, true}) {
    Site site({"--log-format", json ? "json" : "combined"});
    site.ask(get("/", {"User-Agent: a\"b\\c\td\xff\x80", "Referer: \" 200 1 \"forged"}));
    const std::vector<std::string> log = final_log(site);
    ASSERT_EQ(log.size(), 1U);
    EXPECT_TRUE(std::all_of(log[0].begin(), log[0].end(), [](char byte) {
      return byte >= ' ' && byte <= '~';
    })) << log[0];
    const char* agent =
        json ? R"("user_agent":"a\"b\\c\u0009d\u00ff\u0080")" : R"( "a\"b\\c\x09d\xff\x80")";
    EXPECT_NE(log[0].find(agent), std::string::npos) << log[0];
    EXPECT_NE(log[0].find(R"("\" 200 1 \"forged")"), std::string::npos) << log[0];
  }
}

TEST(Log, RefusedHeadsAreLoggedWithTheirRequestLine) {
  for (const bool json : {false, true}) {
    Scratch logs;
    Site site({"--log-format", json ? "json" : "combined", "--log-heads", logs.path("heads")},
              {.workers = 1});  // one after the other
    site.ask("GET /x%zz HTTP/1.1\r\nHost: test\r\nCookie: secret\r\n\r\n");
    site.ask("GET /\x1b[31m\" HTTP/1.1\r\nHost: test\r\n\r\n");
    site.ask("\r\nGET /" + std::string(300, 'a') + "\x80 HTTP/1.1\r\nHost: test\r\n\r\n");
    const std::vector<std::string> log = final_log(site);
    ASSERT_EQ(log.size(), 3U);
    const std::string cut = "\"GET /" + std::string(195, 'a') + "\"";
    const std::vector<std::string> expected =
        json ? std::vector<
                   std::string>{R"("request_line":"GET /x%zz HTTP/1.1","status":400,)",
                                R"("request_line":"GET /\u001b[31m\" HTTP/1.1","status":400)",
                                R"("request_line":)" + cut + ",\"status\":400,"}
             : std::vector<std::string>{R"("GET /x%zz HTTP/1.1" 400 )",
                                        R"("GET /\x1b[31m\" HTTP/1.1" 400 )", cut + " 400 "};
    for (std::size_t i = 0; i < log.size(); ++i) {
      EXPECT_NE(log[i].find(expected[i]), std::string::npos) << log[i];
      EXPECT_EQ(log[i].find("secret"), std::string::npos) << log[i];
    }
    EXPECT_NE(
        logs.read("heads").value_or("").find("> (not a valid request head) GET /x%zz HTTP/1.1\n"),
        std::string::npos);
  }
}

TEST(Log, AnswersThatWereNotSentWholeAreMarked) {
  Site site({"--log-format", "json"});
  site.root.write("large", noise(30'000'000));
  RawClient client = site.connect();
  client.send(get("/large"));
  EXPECT_EQ(client.read_bytes(15), "HTTP/1.1 200 OK");
  client.reset();
  EXPECT_TRUE(site.wait_for_log("\"aborted\":true"));
  const std::vector<std::string> log = final_log(site);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_NE(log[0].find("\"target\":\"/large\""), std::string::npos);
  EXPECT_EQ(log[0].find("\"bytes\":30000000"), std::string::npos) << log[0];
}

TEST(Log, UploadsThatBrokeOffAreLogged) {
  Site site({"--log-format", "json", "--writable"});
  RawClient client = site.connect();
  client.send(request("PUT", "/a", {"Content-Length: 1000000"}) + noise(1000));
  EXPECT_TRUE(eventually([&] { return !site.root.list().empty(); }));
  client.reset();
  EXPECT_TRUE(site.wait_for_log("\"target\":\"/a\""));
  const std::vector<std::string> log = final_log(site);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_NE(log[0].find("\"status\":400"), std::string::npos) << log[0];
}

TEST(Log, OffWritesNothing) {
  Site site({"--access-log", "off"});
  EXPECT_EQ(site.ask(get("/none")).status, 404);
  EXPECT_EQ(final_log(site), std::vector<std::string>{});
}

TEST(Log, FileIsAppendedTo) {
  Scratch logs;
  logs.write("log", "before\n");
  {
    Site site({"--access-log", logs.path("log")});
    site.ask(get("/one"));
    site.stop();
    EXPECT_EQ(site.process().out(), "");
  }
  const std::vector<std::string> lines = lines_of(logs.read("log").value_or(""));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "before");
  EXPECT_NE(lines[1].find("/one"), std::string::npos);
}

TEST(Log, LinesAreThereSoonWithoutAStop) {
  Scratch logs;
  Site site({"--access-log", logs.path("log")});
  site.ask(get("/one"));
  EXPECT_TRUE(eventually([&] { return logs.read("log").value_or("").ends_with("\n"); }));
}

// A line for each worker, and the server goes on.
TEST(Log, CountersAreWrittenOnSIGUSR2) {
  Site site({}, {.workers = 1});
  site.root.write("a", "hello");
  RawClient client = site.connect();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get("/a")).body, "hello");
  site.signal(SIGUSR2);
  EXPECT_TRUE(site.process().wait_for_err("quoitd: worker 0: connections=1 "));
  EXPECT_TRUE(site.process().wait_for_err(" cache_files=1 "));
  EXPECT_TRUE(site.process().wait_for_err(" cache_hits=2 "));
  EXPECT_EQ(client.ask(get("/a")).body, "hello");
  site.signal(SIGUSR2);
  EXPECT_TRUE(site.process().wait_for_err(" cache_hits=3 "));
}

TEST(Log, SignalsReopenTheFile) {
  for (const int number : {SIGHUP, SIGUSR1}) {
    Scratch logs;
    Site site({"--access-log", logs.path("log")});
    RawClient client = site.connect();
    client.ask(get("/first"));
    EXPECT_TRUE(eventually([&] { return logs.read("log").value_or("").ends_with("\n"); }));
    ASSERT_EQ(::rename(logs.path("log").c_str(), logs.path("old").c_str()), 0);
    site.signal(number);
    EXPECT_TRUE(eventually([&] { return logs.exists("log"); }));
    if (number == SIGHUP) {
      EXPECT_TRUE(site.process().wait_for_err("configuration reloaded: nothing changed"));
    }
    EXPECT_EQ(client.ask(get("/second")).status, 404);  // no connection is lost
    site.stop();
    EXPECT_NE(logs.read("old")->find("/first"), std::string::npos);
    EXPECT_EQ(logs.read("old")->find("/second"), std::string::npos);
    EXPECT_NE(logs.read("log")->find("/second"), std::string::npos);
    EXPECT_EQ(logs.read("log")->find("/first"), std::string::npos);
  }
}

// A process that reads the log from a pipe may end before the log is reopened.
TEST(Log, AReopenedPipeWithoutAReaderLeavesTheOldLogInUse) {
  for (const char* option : {"--access-log", "--log-heads"}) {
    Scratch logs;
    Site site({option, logs.path("log")});
    RawClient client = site.connect();
    client.ask(get("/first"));
    EXPECT_TRUE(eventually([&] { return logs.read("log").value_or("").ends_with("\n"); }));
    ASSERT_EQ(::rename(logs.path("log").c_str(), logs.path("old").c_str()), 0);
    ASSERT_EQ(::mkfifo(logs.path("log").c_str(), 0600), 0);
    site.signal(SIGHUP);
    EXPECT_TRUE(site.process().wait_for_err("no process reads from it; logging goes on"));
    client.ask(get("/second"));
    site.stop();
    EXPECT_NE(logs.read("old")->find("/second"), std::string::npos);
  }
}

TEST(Log, NothingIsLostWhileTheFileIsReopened) {
  Scratch logs;
  Site site({"--access-log", logs.path("0")});
  RawClient client = site.connect();
  constexpr int rotations = 5;
  for (int i = 0; i < rotations; ++i) {
    for (int j = 0; j < 100; ++j) client.ask(get("/x"));
    ASSERT_EQ(::rename(logs.path("0").c_str(), logs.path(std::to_string(i + 1)).c_str()), 0);
    site.signal(SIGHUP);
    for (int j = 0; j < 100; ++j) client.ask(get("/x"));
    EXPECT_TRUE(eventually([&] { return logs.exists("0"); }));
  }
  site.stop();
  std::size_t lines = 0;
  for (int i = 0; i <= rotations; ++i) {
    lines += lines_of(logs.read(std::to_string(i)).value_or("")).size();
  }
  EXPECT_EQ(lines, std::size_t{rotations * 200});
}

TEST(Log, EverythingAnsweredIsLoggedOnStop) {
  Site site({"--log-format", "json"});
  std::string all;
  for (int i = 0; i < 500; ++i) all += get("/" + std::to_string(i));
  RawClient client = site.connect();
  client.send(all);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read_response().status, 404);
  const std::vector<std::string> log = final_log(site);
  ASSERT_EQ(log.size(), 500U);
  for (std::size_t i = 0; i < log.size(); ++i) {
    ASSERT_NE(log[i].find("\"target\":\"/" + std::to_string(i) + "\""), std::string::npos);
    ASSERT_NE(log[i].find("\"aborted\":false"), std::string::npos);
  }
}

TEST(Log, HeadsAreShownWithCredentialsMasked) {
  Scratch logs;
  Site site({"--log-heads", logs.path("heads")});
  site.root.write("a", "hello");
  site.ask(get("/a", {"Authorization: Basic c2VjcmV0", "cookie: session=c2VjcmV0",
                      "Proxy-Authorization: c2VjcmV0", "X-Plain: seen\x80"}));
  site.stop();
  const std::string text = logs.read("heads").value_or("");
  EXPECT_EQ(text.find("c2VjcmV0"), std::string::npos) << text;
  EXPECT_NE(text.find("> GET /a HTTP/1.1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("> Authorization: (masked)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("> X-Plain: seen?\n"), std::string::npos) << text;
  EXPECT_NE(text.find("< HTTP/1.1 200 OK\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("hello"), std::string::npos) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos) << text;
}

TEST(Log, ClientsOfAUnixSocketAreCalledSo) {
  Scratch place;
  Site site({"--listen", "unix:" + place.path("socket")}, {.listens_elsewhere = true});
  RawClient client = RawClient::to_unix(place.path("socket"));
  EXPECT_EQ(client.ask(get("/none")).status, 404);
  const std::vector<std::string> log = final_log(site);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_TRUE(log[0].starts_with("unix - - [")) << log[0];
}

}  // namespace
