// Io::accept() on real engines: all connections come, and none is lost when accepting stops.
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

using lab::Lab;
using lab::Pair;

using Accepting = lab::OnEngine;
ON_EACH_ENGINE(Accepting);

// The connections of an acceptor, which stops itself after `most` of them.
struct Guests {
  std::size_t most = SIZE_MAX;
  std::vector<Fd> connections;
  Result last;
};

Task<> accept_all(Lab&, Io& io, int listener, Guests& guests) {
  for (;;) {
    const Result got = co_await io.accept(listener);
    if (got.ok()) guests.connections.emplace_back(got.value);
    guests.last = got;
    if (guests.connections.size() == guests.most) io.stop();
    if (!got.more) break;
  }
}

std::vector<Fd> connect_some(const Fd& listener, std::size_t count) {
  std::vector<Fd> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(lab::connected_to(listener));
  return clients;
}

// Returns the number of connections in the queue of a listener.
std::size_t count_left(const Fd& listener) {
  ::fcntl(listener.get(), F_SETFL, O_NONBLOCK);
  std::size_t left = 0;
  while (Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)).valid()) ++left;
  return left;
}

TEST_P(Accepting, ReturnsAllConnectionsOfTheQueue) {
  const Fd listener = lab::listener();
  const std::vector<Fd> clients = connect_some(listener, 50);
  Io io(lab().scope);
  Guests guests;
  lab().scope.spawn(accept_all(lab(), io, listener.get(), guests));
  const bool one_by_one = missing_in(GetParam()) & multishot_accept;
  for (int i = 0; i < (one_by_one ? 50 : 1); ++i) lab().loop.iterate(forever);
  EXPECT_EQ(guests.connections.size(), 50U) << "in one iteration, if the ring is multishot";
  EXPECT_EQ(engine().counters().operations, 1U);
  io.stop();
  lab().run();
  EXPECT_EQ(guests.last.value, -ECANCELED);
}

TEST_P(Accepting, ReturnsOneConnectionAfterTheOther) {
  const Fd listener = lab::listener();
  Io io(lab().scope);
  Guests guests;
  lab().scope.spawn(accept_all(lab(), io, listener.get(), guests));
  std::vector<Fd> clients;
  for (std::size_t i = 1; i <= 20; ++i) {
    clients.push_back(lab::connected_to(listener));
    while (guests.connections.size() < i) lab().loop.iterate(forever);
  }
  EXPECT_EQ(engine().counters().operations, 1U);
  io.stop();
  lab().run();
}

TEST_P(Accepting, EndsWhenStoppedAndLosesNoConnection) {
  for (std::size_t early = 0; early < 20; ++early) {
    const Fd listener = lab::listener();
    Io io(lab().scope);
    Guests guests;
    std::vector<Fd> clients = connect_some(listener, early);
    lab().scope.spawn(accept_all(lab(), io, listener.get(), guests));
    lab().loop.iterate(0);
    std::vector<Fd> late = connect_some(listener, 20 - early);
    io.stop();
    lab().run();
    EXPECT_FALSE(guests.last.more);
    EXPECT_TRUE(guests.last.ok() || guests.last.value == -ECANCELED)
        << "the last result may be a connection";
    EXPECT_EQ(guests.connections.size() + count_left(listener), 20U);
  }
}

// A server does this when it has reached its limit of connections.
TEST_P(Accepting, CanBeStoppedByTheAcceptorItself) {
  const Fd listener = lab::listener();
  const std::vector<Fd> clients = connect_some(listener, 5);
  Io io(lab().scope);
  Guests guests;
  guests.most = 3;
  lab().scope.spawn(accept_all(lab(), io, listener.get(), guests));
  lab().run();
  EXPECT_GE(guests.connections.size(), 3U);
  EXPECT_EQ(guests.connections.size() + count_left(listener), 5U)
      << "those in the batch are not lost";
}

TEST_P(Accepting, ContinuesAfterRenewal) {
  const Fd listener = lab::listener();
  Io io(lab().scope);
  for (int round = 0; round < 3; ++round) {
    Guests guests;
    lab().scope.spawn(accept_all(lab(), io, listener.get(), guests));
    const Fd client = lab::connected_to(listener);
    while (guests.connections.empty()) lab().loop.iterate(forever);
    io.stop();
    lab().run();
    EXPECT_EQ(guests.connections.size(), 1U);
    io.renew();
  }
}

TEST_P(Accepting, FailsWithoutAListener) {
  const Pair pair;
  const int fd = pair.ours.get();
  const Result result = lab().result_of([&](Io& io) { return io.accept(fd); });
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(result.more);
}

}  // namespace
}  // namespace uring
