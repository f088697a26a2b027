// Peer: the address at the other end of a connection, in 17 bytes, its text for logs, and the text
// that options and proxies write. Pure.
//
// Covered by tests/server/plan/peer_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace server {

struct Peer {
  enum class Family : std::uint8_t {
    local,  // a unix socket, or the kernel does not know the address
    v4,
    v6,
  };

  std::array<unsigned char, 16> address{};  // IPv6, or IPv4 in the first four bytes
  Family family = Family::local;

  bool operator==(const Peer&) const = default;
};

// Large enough for the longest text of a peer and its NUL.
using PeerText = std::array<char, 48>;

// The peer with that IPv4 address, four bytes in network order.
Peer peer_of_v4(const unsigned char* bytes);
// The peer with that IPv6 address, 16 bytes. An IPv4-mapped address (::ffff:1.2.3.4), which an IPv4
// client of a socket for both families has, becomes an IPv4 peer.
Peer peer_of_v6(const unsigned char* bytes);

// Reads an IPv4 address without leading zeros, or an IPv6 address without brackets and zone. Empty
// if `text` is neither. An IPv4-mapped address becomes an IPv4 peer.
std::optional<Peer> parse_peer(std::string_view text);

// Writes "192.0.2.1", "2001:db8::1" or "unix" into `text`, NUL-terminated.
void write_peer(const Peer& peer, PeerText& text);

}  // namespace server
