// Covered by tests/client/command/proxy_test.cc.
#include "apps/client/command/proxy.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <sys/socket.h>

#include "apps/options/whole_number.h"
#include "parser/fields.h"

namespace client {

namespace {

struct IpAddress {
  int family = AF_UNSPEC;
  std::array<unsigned char, 16> bytes{};

  [[nodiscard]] unsigned bits() const { return family == AF_INET ? 32 : 128; }
};

std::optional<IpAddress> read_address(std::string_view text) {
  const std::string ended(text);
  for (const int family : {AF_INET, AF_INET6}) {
    IpAddress address{.family = family};
    if (::inet_pton(family, ended.c_str(), address.bytes.data()) == 1) return address;
  }
  return {};
}

bool begin_alike(const IpAddress& left, const IpAddress& right, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(left.bytes.begin(), left.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  right.bytes.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xffU << (8 - rest) & 0xffU;
  return ((left.bytes[whole] ^ right.bytes[whole]) & mask) == 0;
}

// Says whether the address is in a network, or is the address, that the entry names.
bool contains(std::string_view entry, const IpAddress& address) {
  const std::size_t slash = entry.find('/');
  const std::optional<IpAddress> network = read_address(entry.substr(0, slash));
  if (!network || network->family != address.family) return false;
  if (slash == std::string_view::npos) return begin_alike(*network, address, address.bits());
  const auto bits = options::whole_number<unsigned>(entry.substr(slash + 1));
  return bits && *bits <= address.bits() && begin_alike(*network, address, *bits);
}

// Says whether the host is the name of the entry, or below it: "example.org" and ".example.org" are
// both.
bool is_within(std::string_view host, std::string_view entry) {
  while (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty() || host.size() < entry.size()) return false;
  if (!http1::equal_ignoring_case(host.substr(host.size() - entry.size()), entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

std::string_view without_brackets(std::string_view entry) {
  if (entry.size() < 2 || entry.front() != '[' || entry.back() != ']') return entry;
  return entry.substr(1, entry.size() - 2);
}

bool is_exception(const std::string& entry, const Url& where) {
  if (entry == "*") return true;
  const std::optional<IpAddress> address = read_address(where.host);
  if (address) return contains(without_brackets(entry), *address);
  std::string_view host = where.host;
  if (host.ends_with('.')) host.remove_suffix(1);
  return is_within(host, entry);
}

}  // namespace

ExitReason parse_proxy(std::string_view text, std::string_view origin, std::optional<Url>& proxy) {
  Url url;
  const ExitReason reason = parse_url(text, url);
  if (reason) return exit_with(code_of(reason), std::string(origin) + ": " + reason.text);
  if (url.is_secure) {
    return exit_with(
        ExitCode::unsupported_scheme,
        std::string(origin) + ": quoit speaks no TLS with a proxy; give http://" + url.server());
  }
  proxy = std::move(url);
  return {};
}

std::vector<std::string> parse_exceptions(std::string_view list) {
  constexpr std::string_view separators = ", \t";
  std::vector<std::string> entries;
  while (true) {
    list.remove_prefix(std::min(list.find_first_not_of(separators), list.size()));
    if (list.empty()) return entries;
    const std::size_t end = std::min(list.find_first_of(separators), list.size());
    entries.emplace_back(list.substr(0, end));
    list.remove_prefix(end);
  }
}

const Url* proxy_for(const Proxies& proxies, const Url& where) {
  const std::optional<Url>& proxy = where.is_secure ? proxies.for_https : proxies.for_http;
  if (!proxy) return nullptr;
  const bool is_excepted =
      std::any_of(proxies.exceptions.begin(), proxies.exceptions.end(),
                  [&where](const std::string& entry) { return is_exception(entry, where); });
  return is_excepted ? nullptr : &*proxy;
}

}  // namespace client
