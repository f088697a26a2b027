// Covered by tests/client/local/proxies_test.cc.
#include "apps/client/local/proxies.h"

#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace client {

namespace {

struct Variable {
  const char* name = nullptr;
  std::string_view value = {};
};

// The first of the variables that is set and not empty.
template <std::size_t Count>
Variable first_of(const std::array<const char*, Count>& names) {
  for (const char* const name : names) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment
    const char* const value = std::getenv(name);
    if (value && *value != '\0') return {.name = name, .value = value};
  }
  return {};
}

ExitReason add(const Variable& variable, std::optional<Url>& proxy) {
  if (!variable.name) return {};
  return parse_proxy(variable.value, variable.name, proxy);
}

}  // namespace

ExitReason add_proxies(Settings& settings) {
  Proxies& proxies = settings.proxies;
  if (!settings.unix_socket.empty()) return {};
  proxies.exceptions = parse_exceptions(settings.no_proxy.empty()
                                            ? first_of(std::array{"no_proxy", "NO_PROXY"}).value
                                            : std::string_view(settings.no_proxy));
  if (!settings.proxy.empty()) {
    ExitReason reason = parse_proxy(settings.proxy, "--proxy", proxies.for_http);
    proxies.for_https = proxies.for_http;
    return reason;
  }
  ExitReason reason =
      add(first_of(std::array{"http_proxy", "all_proxy", "ALL_PROXY"}), proxies.for_http);
  if (reason) return reason;
  return add(first_of(std::array{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
             proxies.for_https);
}

}  // namespace client
