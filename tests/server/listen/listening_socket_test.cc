// Listening sockets at their end: clients that have connected stay in the queue, new ones do not.
#include "apps/server/listen/listening_socket.h"

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "uring/simulated.h"

namespace server {
namespace {

using Owner = ListeningSocket::Owner;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// A listening socket of that family; the kernel chooses its address.
uring::Fd listen_on(sa_family_t family, Address& address) {
  uring::Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  address.storage.ss_family = family;
  if (family == AF_INET) v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // A unix socket that is bound to its family alone gets an abstract name.
  const auto size = static_cast<socklen_t>(family == AF_INET ? sizeof v4 : sizeof family);
  EXPECT_EQ(::bind(socket.get(), address.get(), size), 0);
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  EXPECT_EQ(::getsockname(socket.get(), address.get(), &address.size), 0);
  return socket;
}

uring::Fd connect_to(Address& address, int& error) {
  uring::Fd client(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  error = ::connect(client.get(), address.get(), address.size) == 0 ? 0 : errno;
  return client;
}

TEST(ListeningSocket, keeps_queued_clients_and_gets_no_new_ones_after_its_arrivals_have_ended) {
  for (const sa_family_t family : {sa_family_t{AF_INET}, sa_family_t{AF_UNIX}}) {
    Address address;
    ListeningSocket socket(listen_on(family, address), 0, Owner::this_process);
    int error = 0;
    const uring::Fd first = connect_to(address, error);
    ASSERT_TRUE(error == 0 || error == EINPROGRESS);
    socket.end_arrivals();
    const uring::Fd second = connect_to(address, error);
    EXPECT_EQ(error, family == AF_UNIX ? ECONNREFUSED : EINPROGRESS);
    const uring::Fd accepted(::accept(socket.fd(), nullptr, nullptr));
    EXPECT_TRUE(accepted.valid());
    EXPECT_EQ(::send(accepted.get(), "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(::accept(socket.fd(), nullptr, nullptr), -1);
  }
}

TEST(ListeningSocket, that_another_process_has_goes_on_after_its_close) {
  for (const sa_family_t family : {sa_family_t{AF_INET}, sa_family_t{AF_UNIX}}) {
    Address address;
    uring::Fd own = listen_on(family, address);
    const uring::Fd others(::fcntl(own.get(), F_DUPFD_CLOEXEC, 0));
    ListeningSocket socket(std::move(own), 0, Owner::this_process);
    EXPECT_TRUE(socket.empties_queue());
    socket.hand_over();
    EXPECT_FALSE(socket.empties_queue());
    uring::Simulated engine;
    socket.end_arrivals();
    socket.close(engine);
    EXPECT_EQ(socket.fd(), -1);
    int error = 0;
    const uring::Fd client = connect_to(address, error);
    EXPECT_TRUE(error == 0 || error == EINPROGRESS);
    EXPECT_TRUE(uring::Fd(::accept(others.get(), nullptr, nullptr)).valid());
  }
}

TEST(ListeningSocket, is_closed_by_the_last_worker_that_leaves_it) {
  Address address;
  ListeningSocket socket(listen_on(AF_INET, address), 3, Owner::this_process);
  EXPECT_EQ(socket.endpoint(), 3);
  socket.add_worker();
  socket.add_worker();
  EXPECT_FALSE(socket.leave());
  EXPECT_TRUE(socket.leave());
}

}  // namespace
}  // namespace server
