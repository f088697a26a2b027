// ListenAddress: where connections are accepted, as a --listen option gives it. Pure.
//
// Covered by tests/server/config/address_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

// One --listen: where connections are accepted.
struct ListenAddress {
  std::string host;         // an IPv4 or IPv6 address without brackets; empty for a unix socket
  std::uint16_t port = 0;   // 0: the kernel picks one
  std::string unix_path;    // empty for TCP
  bool is_plain = false;    // "http:...": without TLS, also where others have it
  bool any_family = false;  // ":8080": all addresses, IPv6 and IPv4
};

// Reads "127.0.0.1:8080", "[::1]:8080", ":8080", "http:127.0.0.1:8081" or "unix:/run/quoit.sock".
// Empty if it is none.
std::optional<ListenAddress> parse_listen(std::string_view text);

}  // namespace server
