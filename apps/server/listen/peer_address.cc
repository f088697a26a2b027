// From socket addresses to text. Covered by tests/server/listen/peer_test.cc.
#include "apps/server/listen/peer.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>

namespace server {

sockaddr_storage address_of_peer(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    address.ss_family = AF_UNIX;
  }
  return address;
}

Peer peer_of(const sockaddr_storage& address) {
  Peer peer;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(peer.address.data(), &v4.sin_addr, 4);
    peer.family = Peer::Family::v4;
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    const unsigned char* const bytes = v6.sin6_addr.s6_addr;
    std::memcpy(peer.address.data(), is_mapped ? bytes + 12 : bytes, is_mapped ? 4 : 16);
    peer.family = is_mapped ? Peer::Family::v4 : Peer::Family::v6;
  }
  return peer;
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
