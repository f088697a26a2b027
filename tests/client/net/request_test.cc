// Request heads byte by byte.
#include "apps/client/net/request.h"

#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

Url located(std::string_view text) {
  Url url;
  EXPECT_FALSE(parse_url(text, url)) << text;
  return url;
}

// The head without the User-Agent line, whose version changes.
std::string written(const Request& request, const Settings& settings = {}) {
  std::vector<char> room(max_request_head_bytes);
  std::string head(write_request(request, settings, room));
  const std::size_t agent = head.find("User-Agent: quoit/");
  if (agent != std::string::npos) head.erase(agent, head.find("\r\n", agent) + 2 - agent);
  return head;
}

TEST(Request, WritesAGet) {
  const Url where = located("http://example.org:8080/a?b");
  EXPECT_EQ(written({.method = http1::Method::get, .where = &where}),
            "GET /a?b HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\n"
            "Accept-Encoding: identity\r\n\r\n");
}

TEST(Request, AsksForTheRest) {
  const Url where = located("http://h/a");
  const Request rest{.where = &where, .range_start = 4, .if_range = "\"t\""};
  EXPECT_NE(written(rest).find("\r\nRange: bytes=4-\r\nIf-Range: \"t\"\r\n"), std::string::npos);
  const std::string trusting = written({.where = &where, .range_start = 4});
  EXPECT_NE(trusting.find("\r\nRange: bytes=4-\r\n"), std::string::npos);
  EXPECT_EQ(trusting.find("If-Range"), std::string::npos);
}

TEST(Request, AsksAProxyForTheWholeUrl) {
  const Url plain = located("http://me:pw@h:81/a?b");
  const Url secure = located("https://h/a");
  Settings settings;
  settings.proxies.for_http = settings.proxies.for_https = located("http://p:3128");
  EXPECT_TRUE(written({.where = &plain}, settings)
                  .starts_with("GET http://h:81/a?b HTTP/1.1\r\nHost: h:81\r\n"));
  EXPECT_TRUE(written({.where = &secure}, settings).starts_with("GET /a HTTP/1.1\r\n"));
}

TEST(Request, FramesItsBody) {
  const Url where = located("http://[::1]/a");
  EXPECT_EQ(written({.method = http1::Method::put,
                     .where = &where,
                     .body = RequestBody::length,
                     .length = 0,
                     .expects_continue = true}),
            "PUT /a HTTP/1.1\r\nHost: [::1]\r\nAccept: */*\r\nContent-Length: 0\r\n"
            "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(written({.method = http1::Method::put, .where = &where, .body = RequestBody::chunked}),
            "PUT /a HTTP/1.1\r\nHost: [::1]\r\nAccept: */*\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(Request, LetsTheUserReplaceAndLeaveOut) {
  const Url where = located("http://h/");
  const Settings settings{.headers = {{"host", "other"}, {"ACCEPT", ""}, {"X", "y"}}};
  EXPECT_EQ(written({.where = &where}, settings),
            "GET / HTTP/1.1\r\nAccept-Encoding: identity\r\nhost: other\r\nX: y\r\n\r\n");
}

TEST(Request, AsksAboutTheFileOnly) {
  const Url where = located("http://h/a");
  const Settings settings{.headers = {{"If-None-Match", "*"},
                                      {"If-Match", "\"t\""},
                                      {"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}};
  const std::string put = written({.method = http1::Method::put, .where = &where}, settings);
  EXPECT_NE(put.find("If-None-Match: *\r\nIf-Match: \"t\"\r\n"), std::string::npos) << put;
  const std::string mkcol =
      written({.method = http1::Method::mkcol, .where = &where, .is_auxiliary = true}, settings);
  EXPECT_EQ(mkcol.find("If-"), std::string::npos) << mkcol;
}

TEST(Request, SendsTheTimeOfTheFile) {
  const Url where = located("http://h/a");
  const std::string put =
      written({.method = http1::Method::put, .where = &where, .modified = 784111777});
  EXPECT_NE(put.find("X-OC-MTime: 784111777\r\n"), std::string::npos) << put;
}

TEST(Request, SendsCredentialsOfTheUrl) {
  struct Row {
    std::string_view url, value;
  };
  // RFC 7617 2 has the first.
  const std::vector<Row> rows = {
      {"http://Aladdin:open%20sesame@h/", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
      {"http://a@h/", "YTo="},
      {"http://ab:c@h/", "YWI6Yw=="},
      {"http://a:bc1@h/", "YTpiYzE="},
      {"http://a:b%2@h/", "YTpiJTI="}};
  for (const Row& row : rows) {
    const Url where = located(row.url);
    EXPECT_NE(
        written({.where = &where}).find("Authorization: Basic " + std::string(row.value) + "\r\n"),
        std::string::npos)
        << row.url;
  }
}

TEST(Request, KeepsSecretsFromOtherServers) {
  const Url where = located("http://elsewhere/");
  const Settings settings{.headers = {{"Authorization", "Bearer x"},
                                      {"Cookie", "a=b"},
                                      {"Proxy-Authorization", "z"},
                                      {"Host", "home"},
                                      {"X", "y"}}};
  EXPECT_EQ(written({.where = &where, .trusted = false}, settings),
            "GET / HTTP/1.1\r\nHost: elsewhere\r\nAccept: */*\r\n"
            "Accept-Encoding: identity\r\nX: y\r\n\r\n");
}

TEST(Request, IsEmptyWhenItDoesNotFit) {
  const Url where = located("http://h/" + std::string(100, 'a'));
  std::vector<char> room(64);
  EXPECT_EQ(write_request({.where = &where}, {}, room), "");
}

TEST(Request, KnowsWhichFieldsTheUserDecides) {
  const Settings settings{.headers = {{"Range", "bytes=0-4"}, {"Accept", ""}}};
  EXPECT_TRUE(user_decides(settings, "range") && user_sends(settings, "range"));
  EXPECT_TRUE(user_decides(settings, "accept"));
  EXPECT_FALSE(user_sends(settings, "accept"));
  EXPECT_FALSE(user_decides(settings, "Expect") || user_sends(settings, "Expect"));
}

}  // namespace
}  // namespace client
