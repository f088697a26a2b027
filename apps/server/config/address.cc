// Reading addresses. Covered by tests/server/config/address_test.cc.
#include "apps/server/config/address.h"

#include "apps/options/whole_number.h"

namespace server {

namespace {

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto number = options::whole_number<std::uint16_t>(text);
  if (number) port = *number;
  return number.has_value();
}

}  // namespace

std::optional<ListenAddress> parse_listen(std::string_view text) {
  ListenAddress address;
  if (text.starts_with("unix:")) {
    address.unix_path = text.substr(5);
    if (address.unix_path.empty()) return std::nullopt;
    return address;
  }
  constexpr std::string_view plain_prefix = "http:";
  address.is_plain = text.starts_with(plain_prefix);
  if (address.is_plain) text.remove_prefix(plain_prefix.size());
  if (text.starts_with('/')) return std::nullopt;  // a URL
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (!parse_port(text.substr(colon + 1), address.port)) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  address.any_family = host.empty();
  address.host = host == "localhost" ? "127.0.0.1" : host;
  return address;
}

}  // namespace server
