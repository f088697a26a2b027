// Peer: the address at the other end of a connection, in 17 bytes, and its text for logs.
//
// Covered by tests/server/listen/peer_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <sys/socket.h>

namespace server {

struct Peer {
  enum class Family : std::uint8_t {
    local,  // a unix socket, or the kernel does not know the address
    v4,
    v6,
  };

  std::array<unsigned char, 16> address{};  // IPv6, or IPv4 in the first four bytes
  Family family = Family::local;
};

// Large enough for the longest text of a peer and its NUL.
using PeerText = std::array<char, 48>;

// The peer address of the connected `socket`; of the family AF_UNIX if the kernel does not know it.
sockaddr_storage address_of_peer(int socket);

// The Peer with that address. An IPv4-mapped IPv6 address (::ffff:1.2.3.4), which an IPv4 client of
// a socket for both families has, becomes an IPv4 peer.
Peer peer_of(const sockaddr_storage& address);

// Writes "192.0.2.1", "2001:db8::1" or "unix" into `text`, NUL-terminated.
void write_peer(const Peer& peer, PeerText& text);

}  // namespace server
