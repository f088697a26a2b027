// Ids of requests: taken from a trusted proxy or made, given back, and logged.
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::RawClient;
using test_support::Response;
using test_support::Site;

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string parent = "00f067aa0ba902b7";

bool is_made(const std::string& id) { return std::regex_match(id, std::regex("[0-9a-f]{32}")); }

TEST(RequestId, OfATrustedProxyIsGivenBackAndLogged) {
  Site site({"--trust", "127.0.0.1", "--log-format", "json"});
  site.root.write("a", "hello");
  RawClient proxy = site.connect();
  const Response first = proxy.ask(
      get("/a", {"X-Request-Id: from-proxy/1", "traceparent: 00-" + trace + "-" + parent + "-01"}));
  EXPECT_EQ(first.body, "hello");
  EXPECT_EQ(first.field("X-Request-Id"), "from-proxy/1");
  const Response second = proxy.ask(get("/a", {"X-Request-Id: a b", "traceparent: 00-x"}));
  EXPECT_TRUE(is_made(second.field("X-Request-Id"))) << second.head;
  const Response missing = proxy.ask(get("/none"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_TRUE(is_made(missing.field("X-Request-Id"))) << missing.head;
  EXPECT_NE(missing.field("X-Request-Id"), second.field("X-Request-Id"));
  site.stop();
  const std::string log = site.process().out();
  EXPECT_NE(log.find("\"request_id\":\"from-proxy/1\",\"trace_id\":\"" + trace +
                     "\",\"parent_id\":\"" + parent + "\",\"aborted\":false}\n"),
            std::string::npos)
      << log;
  for (const Response& response : {second, missing}) {
    const std::string member = "\"request_id\":\"" + response.field("X-Request-Id") + "\",";
    EXPECT_NE(log.find(member + "\"aborted\":false}\n"), std::string::npos) << log;
  }
}

// Each log line has the id of its own request.
TEST(RequestId, OfPipelinedRequestsIsThatOfEach) {
  Site site({"--trust", "127.0.0.1", "--log-format", "%U %{X-Request-Id}i"});
  site.root.write("a", "hello");
  RawClient proxy = site.connect();
  std::string all;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    all += get("/a", {"X-Request-Id: id-" + std::to_string(i)});
    expected += "/a id-" + std::to_string(i) + "\n";
  }
  ASSERT_TRUE(proxy.send(all));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(proxy.read_response().field("X-Request-Id"), "id-" + std::to_string(i));
  }
  site.stop();
  EXPECT_EQ(site.process().out(), expected);
}

TEST(RequestId, IsMadeForClientsWhereTheLogContainsIt) {
  Site site({"--log-format", "%{X-Request-Id}i %s"});
  const Response response = site.ask(get("/", {"X-Request-Id: forged"}));
  const Response malformed = site.ask("nonsense\r\n\r\n");
  EXPECT_TRUE(is_made(response.field("X-Request-Id"))) << response.head;
  EXPECT_TRUE(is_made(malformed.field("X-Request-Id"))) << malformed.head;
  site.stop();
  for (const Response& each : {response, malformed}) {
    const std::string line = each.field("X-Request-Id") + " " + std::to_string(each.status) + "\n";
    EXPECT_NE(site.process().out().find(line), std::string::npos) << site.process().out();
  }
}

TEST(RequestId, IsOffOtherwise) {
  Site site({"--log-format", "json"});
  EXPECT_FALSE(site.ask(get("/", {"X-Request-Id: a"})).has("X-Request-Id"));
  site.stop();
  EXPECT_EQ(site.process().out().find("request_id"), std::string::npos);
}

// A PROXY header of version 2 with the value UNIQUE_ID.
TEST(RequestId, MayBeThatOfAConnection) {
  Site site(
      {"--trust", "127.0.0.1", "--proxy-protocol", "--log-format", "%a %{c}a %{X-Request-Id}i"});
  const std::string header(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xc0\0\x02\x01\xc0\0\x02\x02\0\x01\0\x02"
      "\x05\0\x04uniq",
      35);
  RawClient proxy = site.connect();
  for (int i = 0; i < 2; ++i) {
    const Response response = proxy.ask((i == 0 ? header : "") + get("/none"));
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.field("X-Request-Id"), "uniq");
  }
  site.stop();
  EXPECT_EQ(site.process().out(), "192.0.2.1 127.0.0.1 uniq\n192.0.2.1 127.0.0.1 uniq\n");
}

}  // namespace
