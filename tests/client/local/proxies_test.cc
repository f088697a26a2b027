// Proxies from the environment and the command line.
#include "apps/client/local/proxies.h"

#include <array>
#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace client {
namespace {

// The variables of an environment, while an object of this class exists.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& variables) {
    clear();
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() { clear(); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static void clear() {
    for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy",
                             "ALL_PROXY", "no_proxy", "NO_PROXY"}) {
      ::unsetenv(name);
    }
  }
};

// "http https exceptions", as servers; "-" for none.
std::string found(Settings settings, const std::map<std::string, std::string>& variables) {
  const Environment environment(variables);
  const ExitReason reason = add_proxies(settings);
  if (reason) return reason.text;
  const auto text = [](const std::optional<Url>& proxy) { return proxy ? proxy->server() : "-"; };
  std::string all = text(settings.proxies.for_http) + " " + text(settings.proxies.for_https);
  for (const std::string& entry : settings.proxies.exceptions) all += " " + entry;
  return all;
}

TEST(ProxiesOfARun, ComeFromTheEnvironment) {
  EXPECT_EQ(found({}, {}), "- -");
  EXPECT_EQ(found({}, {{"http_proxy", "a:1"}, {"https_proxy", "b:2"}, {"no_proxy", "x,y"}}),
            "a:1 b:2 x y");
  EXPECT_EQ(found({}, {{"HTTPS_PROXY", "b:2"}, {"NO_PROXY", "x"}}), "- b:2 x");
  EXPECT_EQ(found({}, {{"all_proxy", "c:3"}}), "c:3 c:3");
  EXPECT_EQ(found({}, {{"ALL_PROXY", "c:3"}, {"http_proxy", "a:1"}}), "a:1 c:3");
  EXPECT_EQ(found({}, {{"HTTP_PROXY", "evil:1"}}), "- -")
      << "in a CGI program that is the field Proxy of a request";
  EXPECT_EQ(found({}, {{"http_proxy", ""}}), "- -");
  EXPECT_NE(found({}, {{"http_proxy", "https://a"}}).find("http_proxy: "), std::string::npos);
}

TEST(ProxiesOfARun, ComeFromTheCommandLineFirst) {
  const std::map<std::string, std::string> variables = {{"all_proxy", "c:3"}, {"no_proxy", "x"}};
  EXPECT_EQ(found({.proxy = "d:4"}, variables), "d:4 d:4 x");
  EXPECT_EQ(found({.no_proxy = "y"}, variables), "c:3 c:3 y");
  EXPECT_EQ(found({.unix_socket = "/s"}, variables), "- -");
}

}  // namespace
}  // namespace client
