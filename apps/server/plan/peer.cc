// From addresses to text and back. Covered by tests/server/plan/peer_test.cc.
#include "apps/server/plan/peer.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>

namespace server {

namespace {

// The first 12 bytes of an IPv4-mapped IPv6 address, RFC 4291 section 2.5.5.2.
constexpr std::array<unsigned char, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Peer peer_of_v4(const unsigned char* bytes) {
  Peer peer{.family = Peer::Family::v4};
  std::memcpy(peer.address.data(), bytes, 4);
  return peer;
}

Peer peer_of_v6(const unsigned char* bytes) {
  if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes)) {
    return peer_of_v4(bytes + mapped_prefix.size());
  }
  Peer peer{.family = Peer::Family::v6};
  std::memcpy(peer.address.data(), bytes, peer.address.size());
  return peer;
}

std::optional<Peer> parse_peer(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  text.copy(terminated.data(), text.size());
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) return peer_of_v4(bytes.data());
  if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return peer_of_v6(bytes.data());
  return std::nullopt;
}

// Without inet_ntop(3) for IPv4: it is too slow for a function that runs for each logged request.
void write_peer(const Peer& peer, PeerText& text) {
  if (peer.family == Peer::Family::local) {
    std::strcpy(text.data(), "unix");
  } else if (peer.family == Peer::Family::v6) {
    ::inet_ntop(AF_INET6, peer.address.data(), text.data(), socklen_t{sizeof text});
  } else {
    char* at = text.data();
    for (std::size_t i = 0; i < 4; ++i) {
      at = std::to_chars(at, at + 3, peer.address[i]).ptr;
      *at++ = i < 3 ? '.' : '\0';
    }
  }
}

}  // namespace server
