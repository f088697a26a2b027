// Requests that are not what HTTP says, and good ones that arrive oddly: what is refused, how, and
// that nothing of a refused request is ever taken for a second one.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Site;

struct Row {
  const char* name;
  std::string bytes;
  int status;
};

// Sends a good request, the bad one and another good one in one go: the first is answered, the
// second refused, the third never seen.
void expect_refused(const Site& site, const Row& row) {
  SCOPED_TRACE(row.name);
  RawClient client = site.connect();
  client.send(get("/before") + row.bytes + get("/smuggled"));
  EXPECT_EQ(client.read_response().body, "before");
  const Response refusal = client.read_response();
  EXPECT_EQ(refusal.status, row.status);
  EXPECT_EQ(refusal.field("Connection"), "close");
  EXPECT_TRUE(refusal.whole);
  client.finish_sending();
  EXPECT_EQ(client.read_to_end(), "");
}

void expect_all_refused(const Site& site, const std::vector<Row>& rows) {
  site.root.write("before", "before");
  site.root.write("smuggled", "smuggled");
  for (const Row& row : rows) expect_refused(site, row);
  EXPECT_FALSE(site.root.exists("victim"));
  EXPECT_FALSE(site.root.exists("put"));
}

const std::string host = "Host: test\r\n";

TEST(Strict, MalformedRequestLinesAreRefused) {
  Site site;
  expect_all_refused(
      site, {
                {"two spaces", "GET  /a HTTP/1.1\r\n" + host + "\r\n", 400},
                {"tab", "GET\t/a HTTP/1.1\r\n" + host + "\r\n", 400},
                {"space behind the version", "GET /a HTTP/1.1 \r\n" + host + "\r\n", 400},
                {"no version", "GET /a\r\n" + host + "\r\n", 400},
                {"lower case version", "GET /a http/1.1\r\n" + host + "\r\n", 400},
                {"version with two digits", "GET /a HTTP/1.10\r\n" + host + "\r\n", 400},
                {"another protocol", "GET /a RTSP/1.0\r\n" + host + "\r\n", 400},
                {"HTTP/0.9", "GET /a HTTP/0.9\r\n" + host + "\r\n", 400},
                {"HTTP/2.0", "GET /a HTTP/2.0\r\n" + host + "\r\n", 505},
                {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
                {"bare LF", "GET /a HTTP/1.1\n" + host + "\r\n", 400},
                {"leading LF", "\nGET /a HTTP/1.1\r\n" + host + "\r\n", 400},
                {"two empty lines", "\r\n\r\nGET /a HTTP/1.1\r\n" + host + "\r\n", 400},
                {"leading space", " GET /a HTTP/1.1\r\n" + host + "\r\n", 400},
                {"bad method", "G@T /a HTTP/1.1\r\n" + host + "\r\n", 400},
                {"long method", std::string(33, 'G') + " /a HTTP/1.1\r\n" + host + "\r\n", 501},
                {"relative path", "GET a HTTP/1.1\r\n" + host + "\r\n", 400},
                {"fragment", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", 400},
                {"asterisk", "GET * HTTP/1.1\r\n" + host + "\r\n", 400},
                {"high byte", "GET /\xff HTTP/1.1\r\n" + host + "\r\n", 400},
                {"angle bracket", "GET /<a> HTTP/1.1\r\n" + host + "\r\n", 400},
                {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
            });
}

TEST(Strict, MalformedFieldsAreRefused) {
  using namespace std::string_literals;
  Site site;
  const std::string line = "GET /a HTTP/1.1\r\n";
  expect_all_refused(site,
                     {
                         {"no Host", line + "\r\n", 400},
                         {"two Hosts", line + host + host + "\r\n", 400},
                         {"empty Host", line + "Host:\r\n\r\n", 400},
                         {"Host with a path", line + "Host: a/b\r\n\r\n", 400},
                         {"Host with user", line + "Host: u@a\r\n\r\n", 400},
                         {"Host with a bad port", line + "Host: a:b\r\n\r\n", 400},
                         {"space before colon", line + host + "A : b\r\n\r\n", 400},
                         {"no colon", line + host + "Ab\r\n\r\n", 400},
                         {"no name", line + host + ": b\r\n\r\n", 400},
                         {"folded", line + host + "A: b\r\n c\r\n\r\n", 400},
                         {"space before the first field", line + " A: b\r\n" + host + "\r\n", 400},
                         {"NUL", line + host + "A: b\0c\r\n\r\n"s, 400},
                         {"bare CR", line + host + "A: b\rc: d\r\n\r\n", 400},
                         {"bare LF", line + host + "A: b\nc: d\r\n\r\n", 400},
                         {"CR CR LF", line + host + "A: b\r\r\n\r\n", 400},
                         {"escape", line + host + "A: \x1b[31m\r\n\r\n", 400},
                         {"bad Connection", line + host + "Connection: close;a\r\n\r\n", 400},
                     });
}

TEST(Strict, AmbiguousFramingIsRefusedAndNothingIsSmuggled) {
  Site site({"--writable"});
  const std::string line = "PUT /put HTTP/1.1\r\n" + host;
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string victim = put("/victim", "x");
  const std::string length = "Content-Length: ";
  const std::string old_line = "PUT /put HTTP/1.0\r\n";
  expect_all_refused(
      site,
      {
          {"CL and TE", line + length + "5\r\n" + chunked + "\r\n0\r\n\r\n" + victim, 400},
          {"TE and CL", line + chunked + length + "5\r\n\r\n0\r\n\r\n" + victim, 400},
          {"two CL, the same", line + length + "3\r\n" + length + "3\r\n\r\nabc" + victim, 400},
          {"two CL", line + length + "3\r\n" + length + "0\r\n\r\nabc" + victim, 400},
          {"CL list", line + length + "3, 3\r\n\r\nabc" + victim, 400},
          {"CL signed", line + length + "+3\r\n\r\nabc" + victim, 400},
          {"CL negative", line + length + "-3\r\n\r\nabc" + victim, 400},
          {"CL hexadecimal", line + length + "0x3\r\n\r\nabc" + victim, 400},
          {"CL empty", line + length + "\r\n\r\n" + victim, 400},
          {"CL too large", line + length + "9223372036854775808\r\n\r\n" + victim, 400},
          {"CL wraps", line + length + "18446744073709551619\r\n\r\nabc" + victim, 400},
          {"TE in HTTP/1.0", old_line + chunked + "\r\n0\r\n\r\n" + victim, 400},
          {"TE twice", line + chunked + chunked + "\r\n0\r\n\r\n" + victim, 400},
          {"TE chunked twice", line + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400},
          {"TE gzip, chunked", line + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
          {"TE gzip", line + "Transfer-Encoding: gzip\r\n\r\n" + victim, 400},
          {"TE xchunked", line + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + victim, 400},
          {"TE with VT", line + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + victim, 400},
          {"TE with a space", line + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + victim, 400},
      });
}

TEST(Strict, MalformedChunksAreRefusedAndNothingIsStoredOrSmuggled) {
  Site site({"--writable"});
  const std::string head = request("PUT", "/put", {"Transfer-Encoding: chunked"});
  const std::string victim = put("/victim", "x");
  expect_all_refused(
      site, {
                {"no size", head + "\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"no hexadecimal", head + "g\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"0x", head + "0x3\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"sign", head + "+3\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"space behind the size", head + "3 \r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"too many digits", head + "00000000000000003\r\nabc\r\n0\r\n\r\n", 400},
                {"overflow", head + "ffffffffffffffff\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"LF behind the size", head + "3\nabc\r\n0\r\n\r\n" + victim, 400},
                {"LF behind the data", head + "3\r\nabc\n0\r\n\r\n" + victim, 400},
                {"LF behind the last", head + "3\r\nabc\r\n0\n\r\n" + victim, 400},
                {"LF at the end", head + "3\r\nabc\r\n0\r\n\n" + victim, 400},
                {"more data than said", head + "3\r\nabcd\r\n0\r\n\r\n" + victim, 400},
                {"less data than said", head + "4\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"empty extension", head + "3;\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"LF in an extension", head + "3;a\nb\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"long extension",
                 head + "3;a=" + std::string(300, 'b') + "\r\nabc\r\n0\r\n\r\n" + victim, 400},
                {"framing in a trailer",
                 head + "3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n" + victim, 400},
                {"bad trailer", head + "3\r\nabc\r\n0\r\nA : b\r\n\r\n" + victim, 400},
                {"long trailer",
                 head + "3\r\nabc\r\n0\r\nA: " + std::string(5000, 'b') + "\r\n\r\n" + victim, 431},
            });
  EXPECT_EQ(site.root.list(), (std::vector<std::string>{"before", "smuggled"}));
}

TEST(Strict, WhatIsTooLongIsRefusedAsThat) {
  Site site;
  std::string many;
  for (int i = 0; i < 100; ++i) many += "A: b\r\n";
  const std::string target = "/" + std::string(8192, 'a');
  const std::string long_field = "A: " + std::string(16384, 'b');
  expect_all_refused(site, {
                               {"target", get(target), 414},
                               {"target without end", "GET " + target + target + target, 414},
                               {"field", get("/a", {long_field}), 431},
                               {"fields", "GET /a HTTP/1.1\r\n" + host + many + "\r\n", 431},
                           });
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(get(target.substr(0, 8192))).status, 414);  // no path is as long
  EXPECT_EQ(client.ask(get("/before?" + std::string(8000, 'q'))).body, "before");
  EXPECT_EQ(client.ask(get("/before", {long_field.substr(0, 16000)})).body, "before");
}

TEST(Strict, OddButValidRequestsAreAnswered) {
  Site site;
  site.root.write("a", "hello");
  RawClient client = site.connect();
  for (const std::string& text : {
           "\r\n" + get("/a"),
           get("/a", {"Empty:", "Tab:\tx\t", "\x5f\x5f: y", "Text: \xff\xfe"}),
           std::string("GET /a HTTP/1.2\r\nhOST:test:80\r\n\r\n"),
           std::string("GET /a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
           get("/a", {"Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings"}),
           get("/a?q={|}^`"),
           get("/a", {"Content-Length: 0"}),
           get("/a", {"Content-Length: 003"}) + "abc",
           get("/a", {"Transfer-Encoding: CHUNKED"}) + "3;x=\"y;z\"\r\nabc\r\n0\r\nT: u\r\n\r\n",
           get("/a", {"Expect: 100-Continue"}),
       }) {
    SCOPED_TRACE(text);
    EXPECT_EQ(client.ask(text).body, "hello");
  }
}

// What an answer says, without what differs from one time to the next.
std::string essence(const Response& response) {
  return std::to_string(response.status) + " " + response.field("Content-Length") + " " +
         response.field("Connection") + " " + response.body;
}

// Sends `text` in two pieces, split at each place, and compares the answers with those to the
// whole text.
void expect_same_however_split(const std::string& socket, const std::string& text, int answers) {
  std::vector<std::string> expected;
  expected.reserve(static_cast<std::size_t>(answers));
  RawClient whole = RawClient::to_unix(socket);
  whole.send(text);
  for (int i = 0; i < answers; ++i) expected.push_back(essence(whole.read_response()));
  for (std::size_t at = 1; at < text.size(); ++at) {
    RawClient client = RawClient::to_unix(socket);
    client.send_piece(text.substr(0, at));
    client.send(text.substr(at));
    for (const std::string& answer : expected) {
      ASSERT_EQ(essence(client.read_response()), answer) << "split at " << at << " of " << text;
    }
  }
  RawClient trickling = RawClient::to_unix(socket);
  for (const char byte : text) trickling.send_piece({&byte, 1});
  for (const std::string& answer : expected) {
    ASSERT_EQ(essence(trickling.read_response()), answer) << "byte by byte: " << text;
  }
}

class Split : public testing::Test {
 protected:
  Split() : site({"--writable", "--listen", "unix:" + socket}, {.listens_elsewhere = true}) {
    site.root.write("a", "hello");
    site.root.write("put", "old");
  }

  test_support::Scratch scratch;
  std::string socket = scratch.path("socket");
  Site site;
};

TEST_F(Split, GetIsAnsweredTheSameHoweverItIsSplit) {
  expect_same_however_split(socket, get("/a?x", {"Range: bytes=1-", "Accept: */*"}), 1);
}

TEST_F(Split, PipelinedGetsAreAnsweredTheSameHoweverTheyAreSplit) {
  expect_same_however_split(socket, get("/a") + "\r\n" + request("OPTIONS", "*") + get("/none"), 3);
}

TEST_F(Split, ChunkedPutIsStoredTheSameHoweverItIsSplit) {
  const std::string text = request("PUT", "/put", {"Transfer-Encoding: chunked"}) +
                           "5;x=y\r\nhello\r\n7\r\n, world\r\n0\r\nDigest: x\r\n\r\n" + get("/put");
  expect_same_however_split(socket, text, 2);
  EXPECT_EQ(site.root.read("put"), "hello, world");
}

TEST_F(Split, PutWithLengthIsStoredTheSameHoweverItIsSplit) {
  expect_same_however_split(socket, put("/put", "hello") + get("/put"), 2);
  EXPECT_EQ(site.root.read("put"), "hello");
}

TEST_F(Split, RefusalIsTheSameHoweverItIsSplit) {
  expect_same_however_split(socket, get("/a", {"A : b"}), 1);
  expect_same_however_split(socket, "GET /a HTTP/3.0\r\n" + host + "\r\n", 1);
  expect_same_however_split(
      socket, request("PUT", "/put", {"Transfer-Encoding: chunked"}) + "5\r\nhello!\r\n0\r\n\r\n",
      1);
  EXPECT_EQ(site.root.read("put"), "old");
}

TEST(Strict, HundredPipelinedRequestsAreAnsweredInOrder) {
  Site site;
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    site.root.write(number, std::string(static_cast<std::size_t>(i) * 100, 'x') + number);
    all += get("/" + number);
  }
  RawClient client = site.connect();
  client.send(all + get("/none"));
  for (int i = 0; i < 100; ++i) {
    const std::string body = client.read_response().body;
    ASSERT_EQ(body, std::string(static_cast<std::size_t>(i) * 100, 'x') + std::to_string(i));
  }
  EXPECT_EQ(client.read_response().status, 404);
}

TEST(Strict, ManyPipelinedRequestsOfAClientThatReadsLateAreAllAnswered) {
  Site site;
  site.root.write("a", std::string(20000, 'x'));
  std::string all;
  for (int i = 0; i < 2000; ++i) all += get("/a");
  RawClient client = site.connect();
  // 40 MB of answers do not fit anywhere: the server waits for us, then goes on.
  std::size_t sent = client.send_some(all);
  for (int i = 0; i < 2000; ++i) {
    if (sent < all.size()) sent += client.send_some(std::string_view(all).substr(sent));
    const Response response = client.read_response();
    ASSERT_EQ(response.status, 200) << i;
    ASSERT_EQ(response.body.size(), 20000U) << i;
  }
  EXPECT_EQ(sent, all.size());
}

TEST(Strict, UnwantedBodyIsDroppedAndTheConnectionGoesOn) {
  Site site;
  site.root.write("a", "hello");
  RawClient client = site.connect();
  const std::string body = get("/smuggled");
  client.send(get("/a", {"Content-Length: " + std::to_string(body.size())}) + body + get("/a"));
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_EQ(client.ask(get("/a", {"Transfer-Encoding: chunked"}) + "3\r\nabc\r\n0\r\n\r\n").body,
            "hello");
  EXPECT_EQ(
      client.ask(request("POST", "/a", {"Content-Length: 60000"}) + std::string(60000, 'x')).status,
      405);
  EXPECT_EQ(client.ask(get("/a")).body, "hello");
}

TEST(Strict, UnwantedBodyThatIsMalformedEndsTheConnection) {
  Site site;
  site.root.write("a", "hello");
  RawClient client = site.connect();
  client.send(get("/a", {"Transfer-Encoding: chunked"}) + "x\r\n" + get("/a"));
  EXPECT_EQ(client.read_response().body, "hello");
  client.finish_sending();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Strict, UnknownExpectationIs417) {
  Site site({"--writable"});
  const Response response = site.ask(put("/a", "x", {"Expect: the-moon"}));
  EXPECT_EQ(response.status, 417);
  EXPECT_FALSE(site.root.exists("a"));
}

}  // namespace
