// Resolver: finds the addresses of a host.
//
// Covered by tests/client/net/look_up_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apps/client/net/addresses.h"

namespace client {

struct Found {
  std::vector<Address> addresses = {};
  std::string problem = {};  // where there is none: why, and what to do
};

// Finds the addresses of a host; blocks. Called on any thread, by several threads at once.
using Resolver = std::function<Found(const std::string& host, std::uint16_t port)>;

// The system's resolver: getaddrinfo(3).
[[nodiscard]] Found find_by_system(const std::string& host, std::uint16_t port);

// The address that an IP address stands for; none for a name. Returns at once.
[[nodiscard]] std::vector<Address> read_ip_address(const std::string& host, std::uint16_t port);

}  // namespace client
