// Address: a socket address, and the order in which the addresses of a host are tried.
//
// Pure. Covered by tests/client/net/addresses_test.cc.
#pragma once

#include <string>
#include <sys/socket.h>
#include <vector>

namespace client {

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// The address of the unix socket at `path`, which has at most 107 bytes.
[[nodiscard]] Address unix_address(const std::string& path);

// The addresses in the order of the attempts to connect: the families alternate, beginning with the
// family of the first address, so that a family that does not work here costs one attempt. Within a
// family the resolver's order stays. At most 16. RFC 8305 4.
[[nodiscard]] std::vector<Address> in_order_of_attempts(const std::vector<Address>& found);

}  // namespace client
