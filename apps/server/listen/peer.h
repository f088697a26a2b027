// Peer: the address at the other end of a connection, in few bytes.
//
// Covered by tests/server/listen/peer_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <sys/socket.h>

namespace server {

struct Peer {
  std::array<unsigned char, 16> address{};  // IPv6, or IPv4 in the first four bytes
  enum class Family : std::uint8_t { local, v4, v6 } family = Family::local;
};

// The longest text of a peer, with its NUL.
using PeerText = std::array<char, 48>;

// The address of the connected `socket`; the family AF_UNIX where the kernel does not know it.
sockaddr_storage address_of_peer(int socket);

// An IPv4 client of a socket for both families (::ffff:1.2.3.4) becomes an IPv4 peer.
Peer peer_of(const sockaddr_storage& address);

// Writes "192.0.2.1", "2001:db8::1" or "unix" into `text`, NUL-terminated.
void write_peer(const Peer& peer, PeerText& text);

}  // namespace server
