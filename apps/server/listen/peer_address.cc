// From sockets and socket addresses to peers. Covered by tests/server/listen/peer_address_test.cc.
#include "apps/server/listen/peer_address.h"

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
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return peer_of_v4(reinterpret_cast<const unsigned char*>(&v4.sin_addr));
  }
  if (address.ss_family == AF_INET6) {
    return peer_of_v6(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr.s6_addr);
  }
  return {};
}

}  // namespace server
