// The addresses of peers, from socket addresses and from a connected socket.
#include "apps/server/listen/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "uring/fd.h"

namespace server {
namespace {

sockaddr_storage v4(const char* text) {
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr_in&>(storage);
  address.sin_family = AF_INET;
  EXPECT_EQ(::inet_pton(AF_INET, text, &address.sin_addr), 1) << text;
  return storage;
}

sockaddr_storage v6(const char* text) {
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr_in6&>(storage);
  address.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &address.sin6_addr), 1) << text;
  return storage;
}

std::string text_of(const sockaddr_storage& address) {
  PeerText text{};
  text.fill('?');
  write_peer(peer_of(address), text);
  return text.data();
}

TEST(Peer, has_the_text_of_its_IPv4_address) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "10.20.30.4", "255.255.255.255"}) {
    EXPECT_EQ(peer_of(v4(text)).family, Peer::Family::v4);
    EXPECT_EQ(text_of(v4(text)), text);
  }
}

TEST(Peer, has_the_text_of_its_IPv6_address) {
  for (const char* text :
       {"::", "::1", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1"}) {
    EXPECT_EQ(peer_of(v6(text)).family, Peer::Family::v6);
    EXPECT_EQ(text_of(v6(text)), text);
  }
}

TEST(Peer, of_a_mapped_IPv4_address_is_an_IPv4_peer) {
  const Peer mapped = peer_of(v6("::ffff:192.0.2.1"));
  EXPECT_EQ(mapped.family, Peer::Family::v4);
  EXPECT_EQ(mapped.address, peer_of(v4("192.0.2.1")).address);
  EXPECT_EQ(text_of(v6("::ffff:192.0.2.1")), "192.0.2.1");
}

TEST(Peer, of_a_unix_socket_or_an_unknown_family_has_no_address) {
  sockaddr_storage local{};
  local.ss_family = AF_UNIX;
  EXPECT_EQ(text_of(local), "unix");
  EXPECT_EQ(text_of(sockaddr_storage{}), "unix");
  EXPECT_EQ(peer_of(local).family, Peer::Family::local);
}

TEST(Peer, is_read_from_a_connected_socket) {
  const uring::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address = v4("127.0.0.1");
  socklen_t size = sizeof(sockaddr_in);
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), at, size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), at, &size), 0);
  const uring::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), at, size), 0);
  EXPECT_EQ(text_of(address_of_peer(client.get())), "127.0.0.1");
}

TEST(Peer, of_a_socket_without_an_address_counts_as_local) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const uring::Fd one(pair[0]);
  const uring::Fd other(pair[1]);
  EXPECT_EQ(text_of(address_of_peer(one.get())), "unix");
  EXPECT_EQ(address_of_peer(-1).ss_family, AF_UNIX);  // not even a socket
}

}  // namespace
}  // namespace server
