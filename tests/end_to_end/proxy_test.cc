// Behind a proxy: the log has the announced client, of trusted proxies alone.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::RawClient;
using test_support::Scratch;
using test_support::Site;

// The first words of all log lines, once the server has ended.
std::vector<std::string> logged_clients(Site& site) {
  site.stop();
  std::vector<std::string> clients;
  const std::string log = site.process().out();
  for (std::size_t begin = 0; begin < log.size(); begin = log.find('\n', begin) + 1) {
    clients.push_back(log.substr(begin, log.find(' ', begin) - begin));
  }
  return clients;
}

TEST(Proxy, EachRequestIsLoggedWithItsClient) {
  Site site({"--trust", "127.0.0.0/8"});
  site.root.write("a", "hello");
  RawClient proxy = site.connect();
  const std::string first = get("/a", {"X-Forwarded-For: 192.0.2.1"});
  const std::string second = get("/a", {"X-Forwarded-For: 192.0.2.9, 2001:db8::1, 127.0.0.2"});
  ASSERT_TRUE(proxy.send(first + second + get("/a") + first));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(proxy.read_response().body, "hello");
  EXPECT_EQ(logged_clients(site),
            (std::vector<std::string>{"192.0.2.1", "2001:db8::1", "127.0.0.1", "192.0.2.1"}));
}

TEST(Proxy, TheFieldThatIsReadIsChosen) {
  Site site({"--trust", "127.0.0.1", "--forwarded", "forwarded"});
  site.ask(get("/", {"Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.2"}));
  EXPECT_EQ(logged_clients(site), std::vector<std::string>{"192.0.2.1"});
}

TEST(Proxy, APeerThatIsNotTrustedIsNotBelieved) {
  Site site({"--trust", "192.0.2.0/24"});
  site.ask(get("/", {"X-Forwarded-For: 192.0.2.1"}));
  EXPECT_EQ(logged_clients(site), std::vector<std::string>{"127.0.0.1"});
}

TEST(Proxy, AConnectionOfATrustedPeerBeginsWithAProxyHeader) {
  // One worker, because two write their lines in any order: a response is sent before its line is
  // written.
  Site site({"--trust", "127.0.0.1", "--proxy-protocol"}, {.workers = 1});
  site.root.write("a", "hello");
  {
    RawClient proxy = site.connect();
    ASSERT_TRUE(proxy.send("PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n" + get("/a")));
    EXPECT_EQ(proxy.read_response().body, "hello");
    EXPECT_EQ(proxy.ask(get("/a")).body, "hello");
  }
  {
    RawClient other = site.connect();
    other.send(get("/a"));
    EXPECT_EQ(other.read_to_end(), "");
  }
  {
    RawClient untrusted = RawClient::to_port_from(site.port(), "127.0.0.2");
    EXPECT_EQ(untrusted.ask(get("/a")).body, "hello");
    EXPECT_EQ(untrusted.ask("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get("/a")).status, 400);
  }
  EXPECT_EQ(logged_clients(site),
            (std::vector<std::string>{"2001:db8::1", "2001:db8::1", "127.0.0.2", "127.0.0.2"}));
}

// The access log has no line for them.
TEST(Proxy, RefusedConnectionsAreReportedWithTheirAddress) {
  Site site({"--trust", "127.0.0.1", "--proxy-protocol"});
  for (const char* bytes : {"GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 x\r\n", ""}) {
    RawClient proxy = site.connect();
    if (*bytes) {
      proxy.send(bytes);
      EXPECT_EQ(proxy.read_to_end(), "");
    }
  }
  const std::string begin = "quoitd: refused a connection of 127.0.0.1: ";
  EXPECT_TRUE(site.process().wait_for_err(begin + "it begins without a PROXY header\n"));
  EXPECT_TRUE(site.process().wait_for_err(begin + "its PROXY header is malformed\n"));
  Site impatient({"--trust", "127.0.0.1", "--proxy-protocol", "--head-timeout", "1"});
  RawClient slow = impatient.connect();
  EXPECT_EQ(slow.read_to_end(), "");
  EXPECT_TRUE(
      impatient.process().wait_for_err(begin + "its PROXY header did not arrive in time\n"));
  site.stop();
  EXPECT_EQ(site.process().out(), "");
}

TEST(Proxy, AFloodOfRefusedConnectionsIsCounted) {
  Site site({"--trust", "127.0.0.1", "--proxy-protocol"});
  constexpr int flood = 200;
  for (int i = 0; i < flood; ++i) {
    RawClient proxy = site.connect();
    proxy.send("PROXY TCP4 x\r\n");
    EXPECT_EQ(proxy.read_to_end(), "");
  }
  // The first ten of each second are named, and the others counted when it is over.
  const auto reported = [&] {
    const std::string err = site.process().err();
    int count = 0;
    for (std::size_t at = err.find("quoitd: refused "); at != std::string::npos;
         at = err.find("quoitd: refused ", at)) {
      at += std::string("quoitd: refused ").size();
      count += err.compare(at, 2, "a ") == 0 ? 1 : std::stoi(err.substr(at));
    }
    return count;
  };
  EXPECT_TRUE(test_support::eventually([&] { return reported() == flood; })) << reported();
}

TEST(Proxy, UnixSocketsAreTrustedByName) {
  const Scratch place;
  const std::string path = place.path("socket");
  Site site({"--trust", "unix", "--listen", "unix:" + path});
  RawClient proxy = RawClient::to_unix(path);
  EXPECT_EQ(proxy.ask(get("/", {"X-Forwarded-For: 192.0.2.1"})).status, 200);
  EXPECT_EQ(logged_clients(site), std::vector<std::string>{"192.0.2.1"});
}

}  // namespace
