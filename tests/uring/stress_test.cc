// Two hundred echo connections that are stopped, and whose deadlines pass, at random times.
//
// The test checks only invariants: bytes come back as they were sent, every task ends, and every
// frame, buffer and descriptor is released.
#include <array>
#include <filesystem>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/io.h"
#include "uring/scope.h"

namespace uring {
namespace {

constexpr std::size_t connections = 200;

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// The connections of one run, and their random numbers.
struct Crowd {
  Crowd(Engine& engine, unsigned seed) : lab(engine), random(seed) {}

  FramePool& frames() { return lab.frames(); }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random()) % bound; }
  void stop_one() {
    if (!present.empty()) present[below(static_cast<std::uint32_t>(present.size()))]->stop();
  }

  lab::Lab lab;
  std::mt19937 random;
  std::vector<Io*> present;  // the Ios that may be stopped
  std::string bytes = lab::pattern(100'000);
  std::size_t clients = 0;    // that have not ended
  std::size_t exchanged = 0;  // bytes that came back
  std::size_t wrong = 0;      // bytes that came back changed
};

// An Io that the crowd may stop.
struct Member {
  explicit Member(Crowd& home) : crowd(home), io(home.lab.scope) { crowd.present.push_back(&io); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  ~Member() { std::erase(crowd.present, &io); }

  // Sets a short deadline, a long one or none, or keeps the present one.
  void change_deadline() {
    if (crowd.below(8) == 0) io.set_deadline(crowd.below(20) == 0 ? crowd.below(100) : 60'000);
    if (crowd.below(16) == 0) io.clear_deadline();
  }

  Crowd& crowd;
  Io io;
};

// Echoes. Sometimes it keeps a buffer for a while, so that the free buffers are exhausted.
Task<> echo(Crowd& crowd, int fd) {
  Member member(crowd);
  Engine& engine = crowd.lab.engine();
  for (;;) {
    member.change_deadline();
    const Result got = co_await member.io.recv_provided(fd);
    if (got.value <= 0) break;
    if (crowd.below(10) == 0) {
      const Milliseconds pause = crowd.below(30);
      co_await member.io.sleep(pause);
    }
    const std::string_view bytes(engine.buffer(got.buffer).data(), got.count());
    const Result sent = co_await member.io.send(fd, bytes);
    engine.recycle(got.buffer);
    if (sent.count() < bytes.size()) break;
  }
  engine.close(fd);
}

Task<> accept_all(Crowd& crowd, Io& io, int listener) {
  for (;;) {
    const Result got = co_await io.accept(listener);
    if (got.ok()) crowd.lab.scope.spawn(echo(crowd, got.value));
    if (!got.more) break;
  }
}

// Receives bytes and compares them with `expected`. Returns their number.
Task<std::size_t> receive(Crowd& crowd, Io& io, int fd, std::string_view expected) {
  std::array<char, 3000> memory;
  std::size_t count = 0;
  while (count < expected.size()) {
    const Result got = co_await io.recv(fd, memory);
    if (got.value <= 0) break;
    const std::string_view part = expected.substr(count, got.count());
    if (part != std::string_view(memory.data(), got.count())) ++crowd.wrong;
    count += got.count();
  }
  co_return count;
}

// Connects, then sends and receives a number of messages of many sizes.
Task<> talk(Crowd& crowd, sockaddr_in address, Io& acceptor) {
  Member member(crowd);
  Engine& engine = crowd.lab.engine();
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  const Result connected = co_await member.io.connect(fd, target, sizeof address);
  for (int i = 0; i < 20 && connected.ok(); ++i) {
    member.change_deadline();
    const std::size_t size = crowd.below(crowd.below(10) == 0 ? 100'000 : 5000);
    const std::string_view message = std::string_view(crowd.bytes).substr(0, size);
    const Result sent = co_await member.io.send(fd, message);
    if (sent.count() < message.size()) break;
    const std::size_t count = co_await receive(crowd, member.io, fd, message);
    crowd.exchanged += count;
    if (count < message.size()) break;
  }
  engine.close(fd);
  if (--crowd.clients == 0) acceptor.stop();
}

class Stress : public ::testing::TestWithParam<std::tuple<lab::Kind, unsigned>> {};

TEST_P(Stress, OfStopsAndDeadlinesLeavesNothingBehind) {
  if (!lab::allow_descriptors(2 * connections + 100)) GTEST_SKIP() << "needs 500 descriptors";
  const auto [kind, seed] = GetParam();
  std::string why;
  const std::unique_ptr<Engine> engine = lab::make_engine(kind, why);
  if (!engine) GTEST_SKIP() << why;
  const Fd listener = lab::listener();
  const std::size_t descriptors = open_descriptors();
  Crowd crowd(*engine, seed);
  {
    Io acceptor(crowd.lab.scope);
    crowd.clients = connections;
    crowd.lab.scope.spawn(accept_all(crowd, acceptor, listener.get()));
    const sockaddr_in address = lab::address_of(listener);
    for (std::size_t i = 0; i < connections; ++i) {
      crowd.lab.scope.spawn(talk(crowd, address, acceptor));
    }
    for (int iterations = 0; !crowd.lab.scope.empty(); ++iterations) {
      crowd.lab.loop.iterate(5);
      if (crowd.below(10) == 0) crowd.stop_one();
      if (iterations == 3000) crowd.lab.scope.stop();
    }
  }
  crowd.lab.loop.iterate(0);  // executes the last closes
  EXPECT_EQ(crowd.clients, 0U);
  EXPECT_EQ(crowd.wrong, 0U);
  EXPECT_GT(crowd.exchanged, 0U);
  EXPECT_EQ(crowd.lab.frames().live(), 0U);
  EXPECT_EQ(engine->buffers_in_use(), 0U);
  EXPECT_EQ(open_descriptors(), descriptors);
  RecordProperty("exchanged", static_cast<int>(crowd.exchanged));
  RecordProperty("cancels", static_cast<int>(engine->counters().cancels));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Stress,
                         ::testing::Combine(::testing::Values(lab::Kind::ring,
                                                              lab::Kind::plainest_ring,
                                                              lab::Kind::epoll),
                                            ::testing::Range(1U, 9U)),
                         [](const auto& one) {
                           return lab::name_of(std::get<0>(one.param)) +
                                  std::to_string(std::get<1>(one.param));
                         });

}  // namespace
}  // namespace uring
