// Connections are accepted when this process has no descriptor left.
#include "apps/server/admin/spare_descriptors.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "uring/fd.h"

namespace server {
namespace {

class Spares : public ::testing::Test {
 protected:
  Spares() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    // An address of the kernel's choice in the abstract namespace, unix(7).
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)),
              0);
    size_ = sizeof address_;
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &size_), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit_), 0);
    rlimit lower = limit_;
    lower.rlim_cur = 64;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  }
  ~Spares() override { ::setrlimit(RLIMIT_NOFILE, &limit_); }

  uring::Fd connect() {
    uring::Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address_), size_), 0);
    return client;
  }
  // Takes all free descriptors.
  std::vector<uring::Fd> exhaust() const {
    std::vector<uring::Fd> all;
    for (int fd = 0; (fd = ::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0)) >= 0;)
      all.emplace_back(fd);
    EXPECT_EQ(errno, EMFILE);
    return all;
  }

  uring::Fd listener_;
  sockaddr_un address_{};
  socklen_t size_ = 0;
  rlimit limit_{};
};

TEST_F(Spares, accept_again_and_again_without_a_free_descriptor) {
  SpareDescriptors spares(listener_.get());
  std::vector<uring::Fd> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(connect());
  const std::vector<uring::Fd> all = exhaust();
  for (int i = 0; i < 8; ++i) {
    const int connection = spares.accept(listener_.get());
    ASSERT_GE(connection, 0) << i;
    spares.release(connection);
    EXPECT_LT(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 0), 0) << "the number was not kept";
  }
}

TEST_F(Spares, accept_a_few_at_once) {
  SpareDescriptors spares(listener_.get());
  std::vector<uring::Fd> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(connect());
  std::vector<uring::Fd> all = exhaust();
  std::vector<int> connections;
  for (int connection = 0; (connection = spares.accept(listener_.get())) >= 0;) {
    connections.push_back(connection);
  }
  EXPECT_EQ(connections.size(), SpareDescriptors::most_spares);
  all.clear();
  connections.push_back(spares.accept(listener_.get()));
  EXPECT_GE(connections.back(), 0);
  for (const int connection : connections) spares.release(connection);
}

TEST_F(Spares, are_opened_again_when_there_are_descriptors) {
  SpareDescriptors spares(listener_.get());
  const uring::Fd client = connect();
  std::vector<uring::Fd> all = exhaust();
  const uring::Fd lost(spares.accept(listener_.get()));  // closed elsewhere
  EXPECT_TRUE(lost.valid());
  all.clear();
  spares.refill();
  const uring::Fd next = connect();
  all = exhaust();
  const int connection = spares.accept(listener_.get());
  EXPECT_GE(connection, 0);
  spares.release(connection);
}

}  // namespace
}  // namespace server
