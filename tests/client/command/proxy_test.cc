// Which requests go through a proxy.
#include "apps/client/command/proxy.h"

#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

Url located(std::string_view text) {
  Url url;
  EXPECT_FALSE(parse_url(text, url)) << text;
  return url;
}

TEST(Proxy, IsAnHttpUrl) {
  std::optional<Url> proxy;
  EXPECT_FALSE(parse_proxy("proxy:3128", "--proxy", proxy));
  EXPECT_EQ(proxy->server(), "proxy:3128");
  EXPECT_FALSE(parse_proxy("http://me:pw@[::1]:8080/", "--proxy", proxy));
  EXPECT_EQ(proxy->server(), "[::1]:8080");
  EXPECT_EQ(proxy->userinfo, "me:pw");
  const ExitReason secure = parse_proxy("https://me:pw@proxy", "https_proxy", proxy);
  EXPECT_EQ(code_of(secure), ExitCode::unsupported_scheme);
  EXPECT_EQ(secure.text, "https_proxy: quoit speaks no TLS with a proxy; give http://proxy:443");
  EXPECT_EQ(code_of(parse_proxy("socks5://proxy", "all_proxy", proxy)),
            ExitCode::unsupported_scheme);
  EXPECT_EQ(code_of(parse_proxy("http://", "all_proxy", proxy)), ExitCode::bad_url);
}

TEST(Proxy, IsChosenByTheScheme) {
  Proxies proxies{.for_http = located("http://a:1")};
  EXPECT_EQ(proxy_for(proxies, located("http://h/"))->server(), "a:1");
  EXPECT_EQ(proxy_for(proxies, located("https://h/")), nullptr);
  proxies.for_https = located("http://b:2");
  EXPECT_EQ(proxy_for(proxies, located("https://h/"))->server(), "b:2");
  EXPECT_EQ(proxy_for({}, located("http://h/")), nullptr);
}

TEST(Proxy, HasExceptions) {
  EXPECT_EQ(parse_exceptions(" a,b , c\t,,d"), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(parse_exceptions(""), std::vector<std::string>{});
  struct Row {
    const char* list;
    const char* url;
    bool is_direct;
  };
  const std::vector<Row> rows = {
      {"*", "http://h/", true},
      {"example.org", "http://example.org/", true},
      {"example.org", "http://EXAMPLE.org./", true},
      {"example.org", "http://www.example.org/", true},
      {".example.org", "http://www.example.org/", true},
      {".example.org", "http://example.org/", true},
      {"example.org", "http://notexample.org/", false},
      {"example.org", "http://example.org.evil/", false},
      {"www.example.org", "http://example.org/", false},
      {"a, example.org", "http://example.org/", true},
      {"127.0.0.1", "http://127.0.0.1:8080/", true},
      {"127.0.0.1", "http://127.0.0.2/", false},
      {"127.0.0.0/8", "http://127.9.9.9/", true},
      {"10.0.0.0/9", "http://10.127.0.1/", true},
      {"10.0.0.0/9", "http://10.128.0.1/", false},
      {"0.0.0.0/0", "http://1.2.3.4/", true},
      {"10.0.0.0/33", "http://10.0.0.1/", false},
      {"10.0.0.0/x", "http://10.0.0.1/", false},
      {"::1", "http://[::1]/", true},
      {"[::1]", "http://[::1]/", true},
      {"fd00::/8", "http://[fd12::1]/", true},
      {"fd00::/8", "http://[fe80::1]/", false},
      {"0.0.0.0/0", "http://[::1]/", false},
      {"1", "http://127.0.0.1/", false},
      {"", "http://h/", false},
      {".", "http://h/", false},
  };
  for (const Row& row : rows) {
    const Proxies proxies{.for_http = located("http://p/"),
                          .exceptions = parse_exceptions(row.list)};
    EXPECT_EQ(proxy_for(proxies, located(row.url)) == nullptr, row.is_direct)
        << row.list << " " << row.url;
  }
}

}  // namespace
}  // namespace client
