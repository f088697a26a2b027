// The address at the other end of a connected socket.
//
// Covered by tests/server/listen/peer_address_test.cc.
#pragma once

#include <sys/socket.h>

#include "apps/server/plan/peer.h"

namespace server {

// The peer address of the connected `socket`; of the family AF_UNIX if the kernel does not know it.
sockaddr_storage address_of_peer(int socket);

// The Peer with that address. An IPv4-mapped IPv6 address becomes an IPv4 peer.
Peer peer_of(const sockaddr_storage& address);

}  // namespace server
