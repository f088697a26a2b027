// Reading and comparing networks. Covered by tests/server/plan/trust_test.cc.
#include "apps/server/plan/trust.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "parser/fields.h"

namespace server {

namespace {

std::uint8_t bits_of(Peer::Family family) {
  switch (family) {
    case Peer::Family::v4: return 32;
    case Peer::Family::v6: return 128;
    case Peer::Family::local: break;
  }
  return 0;
}

// Whether the first `prefix` bits of both addresses are equal.
bool shares_prefix(const Peer& left, const Peer& right, std::size_t prefix) {
  const std::size_t bytes = prefix / 8;
  if (!std::equal(left.address.begin(), left.address.begin() + static_cast<std::ptrdiff_t>(bytes),
                  right.address.begin())) {
    return false;
  }
  const std::size_t rest = prefix % 8;
  if (rest == 0) return true;
  const unsigned difference = left.address[bytes] ^ right.address[bytes];
  return difference >> (8 - rest) == 0;
}

// Whether all bits behind the first `prefix` bits of the address are 0.
bool ends_in_zeros(const Peer& address, std::size_t prefix) {
  for (std::size_t bit = prefix; bit < bits_of(address.family); ++bit) {
    if ((address.address[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

bool Trust::contains(const Peer& peer) const {
  return std::any_of(networks.begin(), networks.end(), [&](const Network& network) {
    return network.address.family == peer.family &&
           shares_prefix(network.address, peer, network.prefix);
  });
}

std::string_view add_network(std::string_view text, Trust& trust) {
  if (text == "unix") {
    trust.networks.push_back({});
    return {};
  }
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const std::optional<Peer> address = parse_peer(host);
  if (!address) return "is no IP address, network or 'unix'";
  Network network{.address = *address, .prefix = bits_of(address->family)};
  if (slash != std::string_view::npos) {
    const bool is_mapped = address->family == Peer::Family::v4 && host.find(':') != host.npos;
    if (is_mapped) return "is an IPv4-mapped network; write the IPv4 network";
    const std::optional<std::uint64_t> prefix = http1::parse_decimal(text.substr(slash + 1));
    if (!prefix || *prefix > network.prefix) return "has a prefix that is too long, or no number";
    network.prefix = static_cast<std::uint8_t>(*prefix);
    if (!ends_in_zeros(network.address, network.prefix)) {
      return "has bits of an address behind its prefix, which have to be 0";
    }
  }
  trust.networks.push_back(network);
  return {};
}

}  // namespace server
