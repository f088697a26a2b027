// Trust: the networks whose proxies are believed when they announce the address of a client.
//
// A proxy announces it in a PROXY header or in a request field; any other client could write the
// same bytes. Pure. Covered by tests/server/plan/trust_test.cc.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "apps/server/plan/peer.h"

namespace server {

struct Network {
  Peer address;             // family local: the peers of all unix sockets
  std::uint8_t prefix = 0;  // the number of leading bits that all addresses of the network share
};

// Immutable while requests use it.
struct Trust {
  std::vector<Network> networks;

  bool contains(const Peer& peer) const;
};

// Adds "10.0.0.0/8", "2001:db8::/32", the single address "192.0.2.1", or "unix". Returns the
// problem with `text`, as the predicate of a sentence, or an empty view.
std::string_view add_network(std::string_view text, Trust& trust);

}  // namespace server
