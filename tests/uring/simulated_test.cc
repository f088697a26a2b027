// Simulated: peers, clock, planned faults and behaviours, with the coroutines of the real engines.
#include "uring/simulated.h"

#include <array>
#include <cerrno>
#include <string>
#include <sys/eventfd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/io.h"

namespace uring {
namespace {

using lab::Lab;

// A test without sockets of the kernel. At its end no descriptor may be open, no buffer in use and
// no frame alive.
class Simulation : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(lab.frames().live(), 0U);
    EXPECT_EQ(engine.buffers_in_use(), 0U);
    EXPECT_EQ(engine.open_sockets(), 0U);
    EXPECT_EQ(engine.open_files(), 0U);
  }

  // Runs loop iterations, without advancing the clock, until nothing more happens.
  void settle() {
    while (lab.loop.iterate(0) > 0) continue;
  }

  Simulated engine;
  Lab lab{engine};
};

// Sends the received bytes back, one buffer at a time, and closes at the end.
Task<> echo(Lab& lab, int fd, Result& last) {
  Io io(lab.scope);
  for (;;) {
    const Result got = co_await io.recv_provided(fd);
    last = got;
    if (got.value <= 0) break;
    const std::string_view bytes(lab.engine().buffer(got.buffer).data(), got.count());
    const Result sent = co_await io.send(fd, bytes);
    lab.engine().recycle(got.buffer);
    last = sent;
    if (sent.count() < bytes.size()) break;
  }
  lab.engine().close(fd);
}

// Accepts until it is stopped, and starts an echo for each guest.
Task<> serve(Lab& lab, Io& io, int listener, std::size_t& guests, Result& last) {
  for (;;) {
    const Result got = co_await io.accept(listener);
    if (got.ok()) {
      ++guests;
      lab.scope.spawn(echo(lab, got.value, last));
    }
    if (!got.more) break;
  }
  lab.engine().close(listener);
}

// The result of an operation, and the number of loop iterations until it completed.
struct Timing {
  Result result;
  int iterations = 0;
};

template <typename Ask>
Timing timed(Lab& lab, Io& io, const Ask& ask, int most_iterations = 100) {
  Timing timing;
  lab.scope.spawn(lab::await_one(lab, io, ask, timing.result));
  while (!lab.scope.empty() && timing.iterations < most_iterations) {
    lab.loop.iterate(0);
    ++timing.iterations;
  }
  if (!lab.scope.empty()) {
    ADD_FAILURE() << "did not complete";
    io.stop();
    lab.run();
  }
  return timing;
}

// --- Peers ---

TEST_F(Simulation, EchoesWhatThePeerSends) {
  const int socket = engine.connected();
  Result last;
  lab.scope.spawn(echo(lab, socket, last));
  engine.peer_sends(socket, "hello ");
  settle();
  engine.peer_sends(socket, "world");
  engine.peer_finishes(socket);
  lab.run();
  EXPECT_EQ(engine.peer_received(socket), "hello world");
  EXPECT_EQ(last.value, 0);
  EXPECT_TRUE(engine.closed(socket));
}

TEST_F(Simulation, SplitsReceivesOnRequest) {
  const int socket = engine.connected();
  Result last;
  engine.split_receives(1);
  lab.scope.spawn(echo(lab, socket, last));
  engine.peer_sends(socket, "one by one");
  engine.peer_finishes(socket);
  lab.run();
  EXPECT_EQ(engine.peer_received(socket), "one by one");
  EXPECT_EQ(engine.started(), 2U * 10 + 1);
}

TEST_F(Simulation, ReceivesIntoTheCallersMemoryNoMoreThanItHolds) {
  const int socket = engine.connected();
  engine.peer_sends(socket, "123456789");
  std::array<char, 4> memory;
  for (const std::size_t expected : {4U, 4U, 1U}) {
    EXPECT_EQ(lab.result_of([&](Io& io) { return io.recv(socket, memory); }).count(), expected);
  }
  EXPECT_EQ(memory[0], '9');
  engine.close(socket);
}

TEST_F(Simulation, SendsNoMoreThanThePeerTakes) {
  const int socket = engine.connected();
  Io io(lab.scope);
  Result sent;
  const std::string bytes(1000, 'x');
  const auto ask = [&](Io& i) { return i.send(socket, bytes); };
  engine.peer_takes(socket, 300);
  lab.scope.spawn(lab::await_one(lab, io, ask, sent));
  settle();
  EXPECT_EQ(engine.peer_received(socket).size(), 300U);
  EXPECT_EQ(lab.scope.tasks(), 1U);
  engine.peer_takes(socket, 699);
  settle();
  EXPECT_EQ(engine.peer_received(socket).size(), 999U);
  engine.peer_takes(socket, 1);
  lab.run();
  EXPECT_EQ(sent.count(), bytes.size());
  engine.close(socket);
}

TEST_F(Simulation, GathersPieces) {
  const int socket = engine.connected();
  Gather message;
  for (const std::string_view piece : {"a", "bc", "", "def", "g"}) message.add(piece);
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.send(socket, message); }).count(), 7U);
  EXPECT_EQ(engine.peer_received(socket), "abcdefg");
  engine.close(socket);
}

TEST_F(Simulation, SendsPagesBehindTheBytesInFront) {
  const int socket = engine.connected();
  Io io(lab.scope);
  Result sent;
  const std::string pages = lab::pattern(40'000);
  const auto ask = [&](Io& i) { return i.send_pages(socket, "front", pages, 0); };
  engine.peer_takes(socket, 30'000);
  lab.scope.spawn(lab::await_one(lab, io, ask, sent));
  settle();
  EXPECT_EQ(lab.scope.tasks(), 1U) << "it completes when all is sent";
  engine.peer_takes(socket, SIZE_MAX);
  lab.run();
  EXPECT_EQ(sent.count(), 5 + pages.size());
  EXPECT_TRUE(engine.peer_received(socket) == "front" + pages);
  engine.plan_next(OpCode::send_pages, {.most = 7});
  EXPECT_EQ(lab.result_of(ask).value, 7) << "a planned fault";
  engine.plan_next(OpCode::send_pages, {.error = EPIPE});
  EXPECT_EQ(lab.result_of(ask).value, -EPIPE);
  engine.peer_takes(socket, 1000);
  lab.scope.spawn(lab::await_one(lab, io, ask, sent));
  settle();
  io.stop();
  lab.run();
  EXPECT_EQ(sent.value, 1000) << "the bytes that were sent before the stop";
  engine.close(socket);
}

TEST_F(Simulation, ReportsThatAPeerHasReset) {
  const int socket = engine.connected();
  engine.peer_resets(socket);
  std::array<char, 4> memory;
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.recv(socket, memory); }).value, -ECONNRESET);
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.recv_provided(socket); }).value, -ECONNRESET);
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.send(socket, "x"); }).value, -EPIPE);
  EXPECT_EQ(engine.buffers_in_use(), 0U);
  engine.close(socket);
}

// As of the kernel: once some bytes are sent, their number is the result.
TEST_F(Simulation, ReportsTheBytesSentBeforeThePeerReset) {
  const int socket = engine.connected();
  Io io(lab.scope);
  Result sent;
  const auto ask = [&](Io& i) { return i.send(socket, "0123456789"); };
  engine.peer_takes(socket, 4);
  lab.scope.spawn(lab::await_one(lab, io, ask, sent));
  settle();
  engine.peer_resets(socket);
  lab.run();
  EXPECT_EQ(sent.value, 4);
  engine.close(socket);
}

TEST_F(Simulation, ReportsTheBytesSentBeforeAStop) {
  const int socket = engine.connected();
  Io io(lab.scope);
  Result sent;
  const auto ask = [&](Io& i) { return i.send(socket, "0123456789"); };
  engine.peer_takes(socket, 4);
  lab.scope.spawn(lab::await_one(lab, io, ask, sent));
  settle();
  io.stop();
  lab.run();
  EXPECT_EQ(sent.value, 4);
  io.renew();
  engine.peer_takes(socket, SIZE_MAX);
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.send(socket, "next"); }).value, 4);
  EXPECT_EQ(engine.peer_received(socket), "0123next");
  engine.close(socket);
}

TEST_F(Simulation, KnowsWhichSocketsFinishedAndHowMuchIsUnread) {
  const int socket = engine.connected();
  engine.peer_sends(socket, "unread");
  EXPECT_EQ(engine.unread(socket), 6U);
  EXPECT_FALSE(engine.finished(socket));
  engine.finish_sending(socket);
  EXPECT_TRUE(engine.finished(socket));
  std::array<char, 4> memory;
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.recv(socket, memory); }).value, 4);
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.send(socket, "x"); }).fault(), Fault::peer_gone);
  EXPECT_EQ(engine.unread(socket), 2U);
  engine.close(socket);
}

TEST_F(Simulation, AcceptsAllThatArriveUntilStopped) {
  const int listener = engine.listen();
  Io io(lab.scope);
  Result last;
  std::size_t guests = 0;
  const int first = engine.arrive(listener);
  const int second = engine.arrive(listener);
  lab.scope.spawn(serve(lab, io, listener, guests, last));
  settle();
  EXPECT_EQ(guests, 2U);
  const int third = engine.arrive(listener);
  settle();
  EXPECT_EQ(guests, 3U);
  for (const int guest : {first, second, third}) {
    engine.peer_sends(guest, std::to_string(guest));
    engine.peer_finishes(guest);
  }
  settle();
  for (const int guest : {first, second, third}) {
    EXPECT_EQ(engine.peer_received(guest), std::to_string(guest));
    EXPECT_TRUE(engine.closed(guest));
  }
  EXPECT_EQ(lab.scope.tasks(), 1U) << "the acceptor is still waiting";
  io.stop();
  lab.run();
}

TEST_F(Simulation, KeepsArrivalsThatAreNotAccepted) {
  const int listener = engine.listen();
  Io io(lab.scope);
  Result last;
  std::size_t guests = 0;
  lab.scope.spawn(serve(lab, io, listener, guests, last));
  settle();
  io.stop();
  const int late = engine.arrive(listener);
  lab.run();
  EXPECT_EQ(guests, 0U);
  EXPECT_FALSE(engine.closed(late));
  EXPECT_EQ(engine.open_sockets(), 1U);
  engine.close(late);
}

TEST_F(Simulation, ConnectsAtOnce) {
  const int socket = engine.connected();
  const sockaddr_in nowhere{};
  const Result result = lab.result_of([&](Io& io) {
    return io.connect(socket, reinterpret_cast<const sockaddr*>(&nowhere), sizeof nowhere);
  });
  EXPECT_TRUE(result.ok());
  engine.close(socket);
}

// --- The clock ---

TEST_F(Simulation, AdvancesItsClockOnlyWhenAllTasksWait) {
  const Milliseconds before = engine.now();
  EXPECT_EQ(lab.result_of([](Io& io) { return io.sleep(lab::an_hour); }).value, 0);
  EXPECT_GE(engine.now(), before + lab::an_hour);
  EXPECT_LE(engine.now(), before + lab::an_hour + 64);
}

TEST_F(Simulation, PassesADeadlineWithoutWaiting) {
  const int socket = engine.connected();
  Io io(lab.scope);
  io.set_deadline(lab::an_hour);
  io.set_deadline(30'000);
  const Milliseconds before = engine.now();
  const Result got = lab.result_of(io, [&](Io& i) { return i.recv_provided(socket); });
  EXPECT_EQ(got.value, -ECANCELED);
  EXPECT_TRUE(io.timed_out());
  EXPECT_GE(engine.now(), before + 30'000);
  EXPECT_LE(engine.now(), before + 30'000 + 64);
  engine.close(socket);
}

TEST_F(Simulation, LetsABusyConnectionMoveItsDeadline) {
  const int socket = engine.connected();
  Io io(lab.scope);
  std::array<char, 8> memory;
  for (int i = 0; i < 1000; ++i) {
    io.set_deadline(10'000);
    EXPECT_EQ(lab.result_of([](Io& other) { return other.sleep(9000); }).value, 0);
    engine.peer_sends(socket, "x");
    ASSERT_EQ(lab.result_of(io, [&](Io& i2) { return i2.recv(socket, memory); }).value, 1);
  }
  EXPECT_FALSE(io.timed_out());
  engine.close(socket);
}

TEST_F(Simulation, AdvancesItsClockOnRequest) {
  const int socket = engine.connected();
  Io io(lab.scope);
  Result got;
  const auto ask = [&](Io& i) { return i.recv_provided(socket); };
  io.set_deadline(1000);
  lab.scope.spawn(lab::await_one(lab, io, ask, got));
  settle();
  EXPECT_FALSE(io.timed_out());
  engine.advance_clock(1100);
  settle();
  EXPECT_TRUE(io.timed_out());
  EXPECT_EQ(got.value, -ECANCELED);
  engine.close(socket);
}

TEST_F(Simulation, EndsAStoppedSleepWithinASlotOfTheTimers) {
  Io io(lab.scope);
  Result result;
  const auto ask = [](Io& i) { return i.sleep(lab::an_hour); };
  lab.scope.spawn(lab::await_one(lab, io, ask, result));
  settle();
  const Milliseconds before = engine.now();
  io.stop();
  lab.run();
  EXPECT_EQ(result.value, -ECANCELED);
  EXPECT_LE(engine.now(), before + 64);
}

// --- Faults ---

TEST_F(Simulation, FailsThePlannedOperation) {
  const int socket = engine.connected();
  engine.peer_sends(socket, "bytes");
  engine.plan_fault(2, {.error = ENOBUFS});
  Io io(lab.scope);
  std::array<char, 1> memory;
  const auto ask = [&](Io& i) { return i.recv(socket, memory); };
  EXPECT_EQ(lab.result_of(io, ask).value, 1);
  EXPECT_EQ(lab.result_of(io, ask).fault(), Fault::no_buffers);
  EXPECT_EQ(lab.result_of(io, ask).value, 1);
  EXPECT_EQ(memory[0], 'y') << "the failed receive took no byte";
  engine.close(socket);
}

TEST_F(Simulation, EndsAnAcceptThatFails) {
  const int listener = engine.listen();
  const int guest = engine.arrive(listener);
  engine.plan_fault(1, {.error = EMFILE});
  Io io(lab.scope);
  const auto ask = [&](Io& i) { return i.accept(listener); };
  const Result first = lab.result_of(io, ask);
  EXPECT_EQ(first.fault(), Fault::out_of_descriptors);
  EXPECT_FALSE(first.more);
  std::size_t guests = 0;
  Result last;
  engine.peer_finishes(guest);
  lab.scope.spawn(serve(lab, io, listener, guests, last));
  settle();
  EXPECT_EQ(guests, 1U) << "the connection in the backlog is not lost";
  io.stop();
  lab.run();
}

TEST_F(Simulation, ShortensTransfers) {
  const lab::Folder folder;
  folder.put("file", "0123456789");
  const Fd file(::openat(folder.fd(), "file", O_RDWR | O_CLOEXEC));
  const int socket = engine.connected();
  engine.peer_sends(socket, "0123456789");
  for (std::uint64_t number = 1; number <= 5; ++number) engine.plan_fault(number, {.most = 3});
  std::array<char, 10> memory;
  Io io(lab.scope);
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.recv(socket, memory); }).value, 3);
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.send(socket, "abcdef"); }).value, 3);
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.read(file.get(), memory, 4); }).value, 3);
  EXPECT_EQ(memory[0], '4');
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.write(file.get(), "ABCDEF", 0); }).value, 3);
  EXPECT_EQ(folder.get("file"), "ABC3456789");
  const Result provided = lab.result_of(io, [&](Io& i) { return i.recv_provided(socket); });
  EXPECT_EQ(provided.value, 3);
  EXPECT_EQ(engine.buffer(provided.buffer)[0], '3');
  engine.recycle(provided.buffer);
  EXPECT_EQ(engine.peer_received(socket), "abc");
  engine.close(socket);
}

TEST_F(Simulation, DelaysCompletionsByIterations) {
  const lab::Folder folder;
  folder.put("file", "content");
  const Fd file(::openat(folder.fd(), "file", O_RDONLY | O_CLOEXEC));
  const int socket = engine.connected();
  std::array<char, 1> memory;
  Io io(lab.scope);
  for (std::uint32_t delay = 0; delay < 4; ++delay) {
    SCOPED_TRACE(delay);
    const int expected = static_cast<int>(delay) + 1;
    engine.plan_fault(engine.started() + 1, {.delay = delay});
    EXPECT_EQ(timed(lab, io, [&](Io& i) { return i.read(file.get(), memory, 0); }).iterations,
              expected);
    engine.peer_sends(socket, "x");
    engine.plan_fault(engine.started() + 1, {.delay = delay});
    EXPECT_EQ(timed(lab, io, [&](Io& i) { return i.recv(socket, memory); }).iterations, expected);
    engine.plan_fault(engine.started() + 1, {.delay = delay});
    EXPECT_EQ(timed(lab, io, [&](Io& i) { return i.send(socket, "y"); }).iterations, expected);
    engine.plan_fault(engine.started() + 1, {.error = EIO, .delay = delay});
    const Timing failed = timed(lab, io, [&](Io& i) { return i.recv(socket, memory); });
    EXPECT_EQ(failed.iterations, expected);
    EXPECT_EQ(failed.result.value, -EIO);
  }
  engine.close(socket);
}

// On a real kernel this race is rare: the bytes are received, and then the connection is stopped.
TEST_F(Simulation, StoppedAfterADelayedSuccessStillSucceeds) {
  const int socket = engine.connected();
  engine.peer_sends(socket, "bytes");
  engine.plan_fault(1, {.delay = 3});
  Io io(lab.scope);
  Result got;
  const auto ask = [&](Io& i) { return i.recv_provided(socket); };
  lab.scope.spawn(lab::await_one(lab, io, ask, got));
  lab.loop.iterate(0);
  EXPECT_EQ(engine.delayed_completions(), 1U);
  io.stop();
  EXPECT_EQ(engine.buffers_in_use(), 1U);
  lab.run();
  EXPECT_EQ(got.value, 5) << "a cancelled operation may succeed";
  EXPECT_TRUE(io.stopped());
  engine.recycle(got.buffer);
  engine.close(socket);
}

// A small server with two guests, in which operation `number` has `fault`. Returns the number of
// operations.
std::uint64_t serve_two_guests(std::uint64_t number, Simulated::FaultPlan fault) {
  Simulated engine;
  Lab lab(engine);
  engine.plan_fault(number, fault);
  engine.split_receives(3);
  const int listener = engine.listen();
  std::size_t guests = 0;
  Result last;
  Io io(lab.scope);
  const std::array<int, 2> arrived{engine.arrive(listener), engine.arrive(listener)};
  for (const int guest : arrived) {
    engine.peer_sends(guest, "some bytes");
    engine.peer_finishes(guest);
  }
  lab.scope.spawn(serve(lab, io, listener, guests, last));
  for (int i = 0; i < 50; ++i) lab.loop.iterate(0);
  lab.scope.stop();
  lab.run();
  for (const int guest : arrived) {
    const std::string_view got = engine.peer_received(guest);
    EXPECT_EQ(got, std::string_view("some bytes").substr(0, got.size()));
  }
  EXPECT_EQ(lab.frames().live(), 0U);
  EXPECT_EQ(engine.buffers_in_use(), 0U);
  EXPECT_EQ(engine.open_sockets(), 2 - guests) << "a guest that was not accepted is not closed";
  return engine.started();
}

TEST(SimulatedLeaks, DoNotComeFromAnyFaultAnywhere) {
  const std::uint64_t operations = serve_two_guests(0, {});
  EXPECT_GT(operations, 10U);
  for (std::uint64_t number = 1; number <= operations; ++number) {
    for (const Simulated::FaultPlan fault :
         {Simulated::FaultPlan{.error = ECONNRESET}, Simulated::FaultPlan{.error = ENOBUFS},
          Simulated::FaultPlan{.most = 1}, Simulated::FaultPlan{.delay = 1},
          Simulated::FaultPlan{.delay = 30}, Simulated::FaultPlan{.error = EIO, .delay = 100}}) {
      SCOPED_TRACE(number);
      serve_two_guests(number, fault);
    }
  }
}

TEST_F(Simulation, NumbersOperationsFromOne) {
  const int socket = engine.connected();
  EXPECT_EQ(engine.started(), 0U);
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.send(socket, "x"); }).value, 1);
  EXPECT_EQ(engine.started(), 1U);
  EXPECT_EQ(engine.started(OpCode::send), 1U);
  EXPECT_EQ(engine.started(OpCode::recv), 0U);
  EXPECT_EQ(engine.code_of(1), OpCode::send);
  EXPECT_EQ(engine.counters().completions, 1U);
  engine.close(socket);
}

// Yields once, and then appends its name to `order`.
Task<> append_after_yield(Lab& lab, char name, std::string& order) {
  Io io(lab.scope);
  co_await io.yield();
  order += name;
}

// --- Behaviours that engines are allowed ---

// An acceptor that starts another multishot where one has ended, as acceptors have to.
Task<> serve_on(Lab& lab, Io& io, int listener, std::size_t& guests, Result& last) {
  for (bool more = false; more || !io.stopped();) {
    const Result got = co_await io.accept(listener);
    more = got.more;
    if (!got.ok()) continue;
    ++guests;
    lab.scope.spawn(echo(lab, got.value, last));
  }
  lab.engine().close(listener);
}

// Echoes two hundred bytes to each of two guests. With every behaviour both get all, in order.
void serve_two_guests_of(const Simulated::Behaviour& behaviour) {
  Simulated engine;
  Lab lab(engine);
  engine.set_behaviour(behaviour);
  engine.split_receives(7);
  const int listener = engine.listen();
  std::size_t guests = 0;
  Result last;
  Io io(lab.scope);
  const std::string bytes = lab::pattern(200);
  const std::array<int, 2> arrived{engine.arrive(listener), engine.arrive(listener)};
  for (const int guest : arrived) {
    engine.peer_sends(guest, bytes);
    engine.peer_finishes(guest);
  }
  lab.scope.spawn(serve_on(lab, io, listener, guests, last));
  for (int i = 0; i < 2000 && (guests < 2 || lab.scope.tasks() > 1); ++i) {
    lab.loop.iterate(0);
  }
  io.stop();
  lab.run();
  EXPECT_EQ(guests, 2U);
  for (const int guest : arrived) EXPECT_EQ(engine.peer_received(guest), bytes);
  EXPECT_EQ(engine.buffers_in_use(), 0U);
  EXPECT_EQ(engine.open_sockets(), 0U);
}

TEST(SimulatedBehaviours, DoNotChangeWhatIsServed) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    serve_two_guests_of({.seed = seed, .partial_progress = true});
    serve_two_guests_of({.seed = seed, .reorders_completions = true});
    serve_two_guests_of({.seed = seed, .success_beats_cancel = true});
    serve_two_guests_of({.seed = seed, .ends_multishots = true});
    serve_two_guests_of({.seed = seed,
                         .partial_progress = true,
                         .reorders_completions = true,
                         .success_beats_cancel = true,
                         .ends_multishots = true});
  }
}

// Runs loop iterations until `sees` returns true.
template <typename Sees>
bool is_seen(Lab& lab, Sees sees) {
  for (int i = 0; i < 200; ++i) {
    if (sees()) return true;
    lab.loop.iterate(0);
  }
  return false;
}

TEST_F(Simulation, CanHoldBackOperationsThatCouldProceed) {
  const int socket = engine.connected();
  Io io(lab.scope);
  std::array<char, 1> memory;
  int longest = 0;
  engine.set_behaviour({.partial_progress = true});
  for (int i = 0; i < 50; ++i) {
    engine.peer_sends(socket, "x");
    longest = std::max(longest,
                       timed(lab, io, [&](Io& i2) { return i2.recv(socket, memory); }).iterations);
  }
  EXPECT_GT(longest, 2);
  const std::string bytes = lab::pattern(1000);
  const Timing sent = timed(lab, io, [&](Io& i) { return i.send(socket, bytes); });
  EXPECT_EQ(sent.result.count(), bytes.size()) << "one send, one completion";
  EXPECT_EQ(engine.peer_received(socket), bytes);
  engine.close(socket);
}

TEST_F(Simulation, AdvancesItsClockAlthoughItHoldsOperationsBack) {
  const int socket = engine.connected();
  engine.set_behaviour({.partial_progress = true});
  Io io(lab.scope);
  io.set_deadline(lab::an_hour);
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.recv_provided(socket); }).value, -ECANCELED);
  engine.close(socket);
}

TEST_F(Simulation, HasNoMoreBuffersInUseThanItsBehaviourAllows) {
  const int socket = engine.connected();
  engine.set_behaviour({.most_buffers = 1});
  engine.peer_sends(socket, "a");
  const Result first = lab.result_of([&](Io& io) { return io.recv_provided(socket); });
  EXPECT_EQ(first.value, 1);
  engine.peer_sends(socket, "b");
  const auto ask = [&](Io& io) { return io.receive(socket); };
  Io io(lab.scope);
  EXPECT_EQ(lab.result_of(io, ask).fault(), Fault::no_buffers);
  engine.recycle(first.buffer);
  const Result second = lab.result_of(io, ask);
  EXPECT_EQ(engine.buffer(second.buffer)[0], 'b') << "no byte was lost";
  engine.recycle(second.buffer);
  lab.result_of(io, [](Io& i) { return i.end_receiving(); });
  engine.close(socket);
}

TEST_F(Simulation, CanLetACancelledOperationSucceed) {
  const int socket = engine.connected();
  engine.set_behaviour({.success_beats_cancel = true});
  Io io(lab.scope);
  Result got;
  const auto ask = [&](Io& i) { return i.recv_provided(socket); };
  lab.scope.spawn(lab::await_one(lab, io, ask, got));
  lab.loop.iterate(0);
  engine.peer_sends(socket, "bytes");
  io.stop();
  lab.run();
  EXPECT_EQ(got.value, 5);
  engine.recycle(got.buffer);
  engine.close(socket);
}

TEST_F(Simulation, CanReorderCompletions) {
  engine.set_behaviour({.reorders_completions = true});
  const bool seen = is_seen(lab, [&] {
    std::string order;
    lab.scope.spawn(append_after_yield(lab, 'a', order));
    lab.scope.spawn(append_after_yield(lab, 'b', order));
    lab.run();
    return order == "ba";
  });
  EXPECT_TRUE(seen);
}

TEST_F(Simulation, CanEndAStreamThatCouldContinue) {
  const int socket = engine.connected();
  engine.set_behaviour({.ends_multishots = true});
  Io io(lab.scope);
  std::string all;
  bool ended = false;
  for (int i = 0; i < 50; ++i) {
    engine.peer_sends(socket, "x");
    const Result got = lab.result_of(io, [&](Io& i2) { return i2.receive(socket); });
    ASSERT_EQ(got.value, 1);
    all += engine.buffer(got.buffer)[0];
    engine.recycle(got.buffer);
    ended = ended || !io.receives();
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(all, std::string(50, 'x'));
  lab.result_of(io, [](Io& i) { return i.end_receiving(); });
  engine.close(socket);
}

// --- Accounting ---

TEST(SimulatedLeaks, AreCounted) {
  Simulated engine;
  Lab lab(engine);
  const lab::Folder folder;
  folder.put("file", "content");
  const int socket = engine.connected();
  engine.peer_sends(socket, "x");
  const OpenHow how{.flags = O_RDONLY | O_CLOEXEC};
  const int folder_fd = folder.fd();
  const Result file = lab.result_of([&](Io& io) { return io.open(folder_fd, "file", how); });
  const Result bytes = lab.result_of([&](Io& io) { return io.recv_provided(socket); });
  EXPECT_EQ(engine.open_sockets(), 1U);
  EXPECT_EQ(engine.open_files(), 1U);
  EXPECT_EQ(engine.buffers_in_use(), 1U);
  engine.recycle(bytes.buffer);
  engine.close(file.value);
  engine.close(socket);
  EXPECT_EQ(engine.open_sockets(), 0U);
  EXPECT_EQ(engine.open_files(), 0U);
  EXPECT_EQ(engine.buffers_in_use(), 0U);
  EXPECT_TRUE(engine.closed(socket));
}

TEST_F(Simulation, ProvidesAsManyBuffersAsAreReceivedInto) {
  std::vector<int> sockets;
  std::vector<Result> results(700);
  for (Result& result : results) {
    const int socket = engine.connected();
    sockets.push_back(socket);
    engine.peer_sends(socket, std::to_string(socket));
    result = lab.result_of([&](Io& io) { return io.recv_provided(socket); });
  }
  EXPECT_EQ(engine.buffers_in_use(), results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string_view bytes(engine.buffer(results[i].buffer).data(), results[i].count());
    EXPECT_EQ(bytes, std::to_string(sockets[i]));
    engine.recycle(results[i].buffer);
    engine.close(sockets[i]);
  }
}

// If failed receives kept their buffers, the receives behind them would find none.
TEST_F(Simulation, HasTheBuffersOfFailedReceivesFreeAgain) {
  engine.set_behaviour({.most_buffers = 1});
  for (int i = 0; i < 200; ++i) {
    const int socket = engine.connected();
    Io io(lab.scope);
    if (i % 4 == 0) engine.plan_next(OpCode::recv_provided, {.error = ENOBUFS});
    if (i % 4 == 1) engine.peer_resets(socket);
    if (i % 4 == 2) engine.peer_finishes(socket);
    const auto ask = [&](Io& it) { return it.recv_provided(socket); };
    Result got;
    lab.scope.spawn(lab::await_one(lab, io, ask, got));
    if (i % 4 == 3) io.stop();
    lab.run();
    EXPECT_LE(got.value, 0);
    EXPECT_EQ(got.buffer, no_buffer);
    ASSERT_EQ(engine.buffers_in_use(), 0U);
    engine.close(socket);
  }
  const int socket = engine.connected();
  engine.peer_sends(socket, "x");
  const Result got = lab.result_of([&](Io& io) { return io.recv_provided(socket); });
  EXPECT_EQ(got.value, 1) << "the only buffer is free";
  engine.recycle(got.buffer);
  engine.close(socket);
}

TEST_F(Simulation, RefusesConnectionsOnRequest) {
  engine.refuse_connections();
  const int socket = engine.connected();
  const Result got = lab.result_of([&](Io& io) { return io.connect(socket, nullptr, 0); });
  EXPECT_EQ(got.fault(), Fault::refused);
  engine.close(socket);
}

TEST_F(Simulation, StartsFromTheBeginningAfterAReset) {
  engine.split_receives(1);
  engine.plan_fault(2, {.error = EIO});
  for (int round = 0; round < 2; ++round) {
    const int socket = engine.connected();
    engine.peer_sends(socket, "ab");
    std::array<char, 8> memory{};
    const Result got = lab.result_of([&](Io& io) { return io.recv(socket, memory); });
    EXPECT_EQ(got.value, round == 0 ? 1 : 2);
    EXPECT_EQ(engine.started(), 1U);
    engine.close(socket);
    engine.reset();
    EXPECT_EQ(engine.started(), 0U);
    EXPECT_EQ(engine.started(OpCode::recv), 0U);
  }
  const int socket = engine.connected();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(lab.result_of([&](Io& io) { return io.send(socket, "x"); }).ok());
  }
  EXPECT_EQ(engine.peer_received(socket), "xx");
  engine.close(socket);
}

// --- Files ---

TEST_F(Simulation, ExecutesFileOperationsOnRealFiles) {
  const lab::Folder folder;
  const int at = folder.fd();
  Io io(lab.scope);
  const auto made = lab.result_of(io, [&](Io& i) { return i.make_directory(at, "sub", 0700); });
  EXPECT_TRUE(made.ok());
  const OpenHow how{.flags = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, .mode = 0600};
  const Result file = lab.result_of(io, [&](Io& i) { return i.open(at, "sub/new", how); });
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.write(file.value, "text", 0); }).value, 4);
  EXPECT_TRUE(lab.result_of(io, [&](Io& i) { return i.sync(file.value); }).ok());
  EXPECT_TRUE(lab.result_of(io, [&](Io& i) { return i.sync_data(file.value); }).ok());
  engine.close(file.value);
  EXPECT_TRUE(lab.result_of(io, [&](Io& i) { return i.link(at, "sub/new", at, "too"); }).ok());
  EXPECT_EQ(lab.result_of(io, [&](Io& i) { return i.link(at, "sub/new", at, "too"); }).fault(),
            Fault::exists);
  EXPECT_EQ(folder.get("too"), "text");
  EXPECT_TRUE(lab.result_of(io, [&](Io& i) { return i.rename(at, "sub/new", at, "old", 0); }).ok());
  EXPECT_EQ(folder.get("old"), "text");
  EXPECT_TRUE(lab.result_of(io, [&](Io& i) { return i.unlink(at, "sub", AT_REMOVEDIR); }).ok());
  EXPECT_TRUE(lab.result_of(io, [&](Io& i) { return i.unlink(at, "old", 0); }).ok());
  const auto missing = lab.result_of(io, [&](Io& i) { return i.unlink(at, "old", 0); });
  EXPECT_EQ(missing.fault(), Fault::not_found);
}

TEST_F(Simulation, FailsTheNextOperationsOfAKind) {
  const lab::Folder folder;
  const int at = folder.fd();
  Io io(lab.scope);
  engine.plan_next(OpCode::sync, {.error = EIO});
  engine.plan_next(OpCode::sync, {.error = ENOSPC});
  const auto sync = [&](Io& i) { return i.sync(at); };
  EXPECT_TRUE(lab.result_of(io, [&](Io& i) { return i.make_directory(at, "sub", 0700); }).ok());
  EXPECT_EQ(lab.result_of(io, sync).error(), EIO);
  EXPECT_EQ(lab.result_of(io, sync).error(), ENOSPC);
  EXPECT_TRUE(lab.result_of(io, sync).ok());
}

TEST_F(Simulation, ReportsTheFreeBytesThatWereSet) {
  engine.set_free_bytes(17);
  EXPECT_EQ(engine.free_bytes(0), 17);
}

// The read waits for the event alone, and the clock stands still meanwhile.
TEST_F(Simulation, ReadsAnEventWhenItIsSignalled) {
  const Fd event(::eventfd(0, EFD_CLOEXEC));
  Io io(lab.scope);
  std::uint64_t count = 0;
  const std::span<char> memory(reinterpret_cast<char*>(&count), sizeof count);
  const auto ask = [&](Io& i) { return i.read(event.get(), memory, at_position); };
  Result result{.value = -1};
  lab.scope.spawn(lab::await_one(lab, io, ask, result));
  settle();
  io.stop();
  settle();
  EXPECT_EQ(result.value, -1);
  EXPECT_EQ(::eventfd_write(event.get(), 7), 0);
  settle();
  EXPECT_EQ(result.value, 8);
  EXPECT_EQ(count, 7U);
  engine.plan_fault(engine.started() + 1, {.error = EIO});
  EXPECT_EQ(lab.result_of(io, ask).error(), EIO);
}

}  // namespace
}  // namespace uring
