// Proxies: which requests go through one.
//
// Pure. Covered by tests/client/command/proxy_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/url.h"

namespace client {

struct Proxies {
  std::optional<Url> for_http = {};
  std::optional<Url> for_https = {};
  // Hosts that are reached without a proxy: "*", a name (with all names below it), an IP address,
  // or a network as 10.0.0.0/8.
  std::vector<std::string> exceptions = {};
};

// Reads the URL of a proxy; without a scheme it is http://. Fails with bad_url or
// unsupported_scheme: quoit speaks no TLS and no SOCKS with a proxy. `origin` is where the text
// comes from, for the message, as "https_proxy".
[[nodiscard]] ExitReason parse_proxy(std::string_view text, std::string_view origin,
                                     std::optional<Url>& proxy);

// Reads a list of exceptions, separated by commas and spaces.
[[nodiscard]] std::vector<std::string> parse_exceptions(std::string_view list);

// The proxy for a request to that server; null: none. Valid as long as `proxies`.
[[nodiscard]] const Url* proxy_for(const Proxies& proxies, const Url& where);

}  // namespace client
