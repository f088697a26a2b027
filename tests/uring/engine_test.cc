// The behaviour that Ring and Epoll share: counting, waiting, buffers, closing.
#include "uring/engine.h"

#include <array>
#include <cerrno>
#include <netinet/tcp.h>
#include <signal.h>
#include <string>
#include <sys/time.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/io.h"

namespace uring {
namespace {

using lab::Lab;
using lab::Pair;

// --- Counting and waiting ---

using Engines = lab::OnEngine;
ON_EACH_ENGINE(Engines);

TEST_P(Engines, CountWhatTheyDo) {
  Pair pair;
  const int fd = pair.ours.get();
  const Counters before = engine().counters();
  EXPECT_EQ(before.operations, 0U);
  EXPECT_EQ(lab().result_of([&](Io& io) { return io.send(fd, "x"); }).value, 1);
  Io io(lab().scope);
  Result result;
  const auto ask = [&](Io& i) { return i.recv_provided(fd); };
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  lab().loop.iterate(0);
  io.stop();
  lab().run();
  const Counters& after = engine().counters();
  EXPECT_EQ(after.operations, 2U);
  EXPECT_EQ(after.completions, 2U);
  EXPECT_EQ(after.cancels, 1U);
  EXPECT_EQ(after.buffer_shortages, 0U);
  EXPECT_GE(after.enters, 1U);
}

TEST_P(Engines, WaitNoLongerThanAsked) {
  std::array<Completion, 4> completions;
  EXPECT_EQ(engine().wait(0, completions), 0U);
  const Milliseconds before = engine().now();
  int waits = 0;
  for (; engine().now() - before < 19; ++waits) EXPECT_EQ(engine().wait(20, completions), 0U);
  // The kernel interrupts a wait to clean up after an earlier ring of this thread.
  EXPECT_LE(waits, 3) << "and not shorter";
}

TEST_P(Engines, ReturnNoMoreCompletionsThanTheCallerHasSpaceFor) {
  Pair pair;
  std::array<Operation, 5> operations;
  for (Operation& operation : operations) {
    operation.code = OpCode::send;
    operation.fd = pair.ours.get();
    operation.address = "x";
    operation.length = 1;
    engine().start(operation);
  }
  std::array<Completion, 2> completions;
  for (const std::size_t expected : {2U, 2U, 1U}) {
    EXPECT_EQ(engine().wait(forever, completions), expected);
    for (std::size_t i = 0; i < expected; ++i) EXPECT_EQ(completions[i].result.value, 1);
  }
  EXPECT_EQ(engine().wait(0, completions), 0U);
  EXPECT_EQ(lab::read_what_is_there(pair.theirs.get()), "xxxxx");
}

TEST_P(Engines, EndAWaitWhenASignalComes) {
  struct sigaction before {};
  struct sigaction ignoring {};
  ignoring.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &ignoring, &before);
  // Repeated, because the first signal may come before the wait.
  itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 5000},
                  .it_value = {.tv_sec = 0, .tv_usec = 5000}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  std::array<Completion, 4> completions;
  EXPECT_EQ(engine().wait(forever, completions), 0U);
  EXPECT_EQ(engine().wait(lab::an_hour, completions), 0U);
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

// --- File systems and sockets ---

using FileSystems = lab::OnEngine;
ON_EACH_ENGINE(FileSystems);

TEST_P(FileSystems, ReportTheirFreeBytes) {
  const lab::Folder folder;
  EXPECT_GT(engine().free_bytes(folder.fd()), 0);
  const Fd handle(::open(folder.path().c_str(), O_PATH | O_CLOEXEC));
  EXPECT_GT(engine().free_bytes(handle.get()), 0);
  EXPECT_EQ(engine().free_bytes(-1), -1);
  const Fd none(::open("/proc/self", O_RDONLY | O_CLOEXEC));  // a file system without blocks
  EXPECT_EQ(engine().free_bytes(none.get()), -1);
}

TEST_P(Engines, CountTheBytesThatAPeerHasNotConfirmed) {
  const Pair pair;
  EXPECT_EQ(engine().unconfirmed_bytes(pair.ours.get()), 0U);
  lab::write_at_once(pair.ours.get(), "unread");
  EXPECT_GT(engine().unconfirmed_bytes(pair.ours.get()), 0U);
  EXPECT_EQ(lab::read_what_is_there(pair.theirs.get()), "unread");
  EXPECT_EQ(engine().unconfirmed_bytes(pair.ours.get()), 0U);
  EXPECT_EQ(engine().unconfirmed_bytes(-1), 0U);
}

// Connects over TCP, and returns how the peer sees the end after the engine has closed our end: 0,
// or an errno.
int end_after_close(Engine& engine, bool resets) {
  const Fd listener = lab::listener();
  Fd ours = lab::connected_to(listener);
  const Fd theirs(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  lab::write_at_once(ours.get(), "unread");
  if (resets) engine.reset_on_close(ours.get());
  engine.close(ours.release());
  std::array<Completion, 4> completions;
  engine.wait(0, completions);  // submits the close
  std::array<char, 16> memory;
  ssize_t count = 1;
  while (count > 0) count = ::recv(theirs.get(), memory.data(), memory.size(), 0);
  return count < 0 ? errno : 0;
}

TEST_P(Engines, ResetAConnectionThatIsGivenUp) {
  EXPECT_EQ(end_after_close(engine(), false), 0);
  EXPECT_EQ(end_after_close(engine(), true), ECONNRESET);
}

TEST_P(Engines, LimitHowLongTheKernelKeepsBytesForAPeer) {
  const Fd listener = lab::listener();
  const Fd ours = lab::connected_to(listener);
  engine().limit_stalls(ours.get(), 30'000);
  unsigned limit_ms = 0;
  socklen_t bytes = sizeof limit_ms;
  EXPECT_EQ(::getsockopt(ours.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, &bytes), 0);
  EXPECT_EQ(limit_ms, 30'000U);
  const Pair pair;
  engine().limit_stalls(pair.ours.get(), 30'000);  // a unix socket: no effect
}

// --- Buffers ---

using Buffers = lab::OnEngine;
ON_EACH_ENGINE(Buffers);

// Receives into one provided buffer and does not recycle it.
Task<> receive_and_hold(Lab& lab, int fd, Result& result) {
  Io io(lab.scope);
  const Result got = co_await io.recv_provided(fd);
  result = got;
}

TEST_P(Buffers, GrowForMoreConnectionsThanThereAreBuffers) {
  constexpr std::size_t count = 700;
  if (!lab::allow_descriptors(2 * count + 100)) GTEST_SKIP() << "needs 1,500 descriptors";
  std::vector<Pair> pairs(count);
  std::vector<Result> results(count);
  for (std::size_t i = 0; i < count; ++i) {
    lab::write_at_once(pairs[i].theirs.get(), std::to_string(i));
    lab().scope.spawn(receive_and_hold(lab(), pairs[i].ours.get(), results[i]));
  }
  lab().run();
  EXPECT_EQ(engine().buffers_in_use(), count);
  EXPECT_GT(engine().counters().buffer_shortages, 0U);
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_TRUE(results[i].ok()) << describe(results[i].fault());
    const std::string_view bytes(engine().buffer(results[i].buffer).data(), results[i].count());
    EXPECT_EQ(bytes, std::to_string(i));
  }
  for (const Result& result : results) engine().recycle(result.buffer);
  EXPECT_EQ(engine().counters().operations, count)
      << "a receive that starts again is not a new operation";
  EXPECT_EQ(engine().counters().completions, count);
}

// Receives one byte `times` times. Stores the buffers in `kept`, or recycles them if that is null.
Task<> receive_bytes(Lab& lab, const Pair& pair, int times, std::vector<std::uint16_t>* kept,
                     Result& last) {
  Io io(lab.scope);
  for (int i = 0; i < times; ++i) {
    lab::write_at_once(pair.theirs.get(), "x");
    const Result got = co_await io.recv_provided(pair.ours.get());
    last = got;
    if (got.buffer == no_buffer) break;
    if (kept)
      kept->push_back(got.buffer);
    else
      lab.engine().recycle(got.buffer);
  }
}

TEST_P(Buffers, AreExhaustedOnlyAtTheirLimitAndUsableAgainAfterwards) {
  Pair pair;
  Result last;
  std::vector<std::uint16_t> kept;
  constexpr int most = BufferPool::most_buffers;
  lab().scope.spawn(receive_bytes(lab(), pair, most + 1, &kept, last));
  lab().run();
  EXPECT_EQ(kept.size(), BufferPool::most_buffers);
  EXPECT_EQ(last.fault(), Fault::no_buffers) << "the caller then receives into its own memory";
  std::array<char, 4> memory;
  const int fd = pair.ours.get();
  EXPECT_EQ(lab().result_of([&](Io& io) { return io.recv(fd, memory); }).value, 1);
  for (const std::uint16_t id : kept) engine().recycle(id);
  lab().scope.spawn(receive_bytes(lab(), pair, 100, nullptr, last));
  lab().run();
  EXPECT_EQ(last.value, 1);
}

// The indices of the kernel's buffer ring have 16 bits.
TEST_P(Buffers, AreRecycledMoreOftenThanTheIndexOfTheirRingCanCount) {
  Pair pair;
  Result last;
  lab().scope.spawn(receive_bytes(lab(), pair, 66'000, nullptr, last));
  lab().run();
  EXPECT_EQ(last.value, 1);
  EXPECT_EQ(engine().counters().buffer_shortages, 0U);
}

// Fails `times` receives in turn: the peer has reset the connection or ended the stream, or the
// receive is cancelled.
void fail_receives(Lab& lab, int times) {
  for (int i = 0; i < times; ++i) {
    Pair pair;
    Io io(lab.scope);
    const int fd = pair.ours.get();
    if (i % 3 == 0) {
      lab::write_at_once(fd, "unread");  // its peer's close resets the connection
      pair.theirs.reset();
    } else if (i % 3 == 1) {
      ::shutdown(pair.theirs.get(), SHUT_WR);
    }
    const auto ask = [fd](Io& it) { return it.recv_provided(fd); };
    Result got;
    lab.scope.spawn(lab::await_one(lab, io, ask, got));
    if (i % 3 == 2) io.stop();
    lab.run();
    EXPECT_LE(got.value, 0);
    EXPECT_EQ(got.buffer, no_buffer);
    const Result stream = lab.result_of(io, [fd](Io& it) { return it.receive(fd); });
    EXPECT_LE(stream.value, 0);
    EXPECT_EQ(stream.buffer, no_buffer);
    lab.result_of(io, [](Io& it) { return it.end_receiving(); });
    EXPECT_EQ(lab.engine().buffers_in_use(), 0U);
    pair.close_ours(lab.engine());
  }
}

// If failed receives kept their buffers, the receives behind them would find none.
TEST_P(Buffers, OfFailedReceivesAreFreeAgain) {
  constexpr int slab = BufferPool::slab_buffers;
  fail_receives(lab(), 3 * slab);
  EXPECT_EQ(engine().buffers_in_use(), 0U);
  Pair pair;
  Result last;
  std::vector<std::uint16_t> kept;
  lab().scope.spawn(receive_bytes(lab(), pair, slab, &kept, last));
  lab().run();
  EXPECT_EQ(kept.size(), BufferPool::slab_buffers);
  EXPECT_EQ(engine().counters().buffer_shortages, 0U);
  for (const std::uint16_t id : kept) engine().recycle(id);
}

TEST_P(Buffers, RecycledByOneConnectionSufficeForTheNext) {
  Pair first;
  Pair second;
  Result last;
  std::vector<std::uint16_t> kept;
  constexpr int slab = BufferPool::slab_buffers;
  lab().scope.spawn(receive_bytes(lab(), first, slab, &kept, last));
  lab().run();
  EXPECT_EQ(engine().buffers_in_use(), BufferPool::slab_buffers);
  EXPECT_EQ(engine().counters().buffer_shortages, 0U);
  engine().recycle(kept.back());
  lab().scope.spawn(receive_bytes(lab(), second, 1000, nullptr, last));
  lab().run();
  EXPECT_EQ(last.value, 1);
  EXPECT_EQ(engine().counters().buffer_shortages, 0U)
      << "one free buffer serves one receive after another";
  kept.pop_back();
  for (const std::uint16_t id : kept) engine().recycle(id);
}

// A receive that found no buffer starts again without the caller noticing. If it was cancelled
// meanwhile, it must not start again, because it would not be cancelled a second time.
TEST_P(Buffers, ThatAreExhaustedDoNotHideACancellation) {
  Pair busy;
  Pair idle;
  Result last;
  std::vector<std::uint16_t> kept;
  constexpr int slab = BufferPool::slab_buffers;
  lab().scope.spawn(receive_bytes(lab(), busy, slab, &kept, last));
  lab().run();
  lab::write_at_once(busy.theirs.get(), "x");
  std::array<char, 4> memory{};
  Operation first;
  first.code = OpCode::recv;
  first.fd = busy.ours.get();
  first.address = memory.data();
  first.length = memory.size();
  Operation second;
  second.code = OpCode::recv_provided;
  second.fd = idle.ours.get();
  engine().start(first);
  engine().start(second);
  std::array<Completion, 1> one;
  // Space for one completion: that of the second stays in the ring while it is cancelled.
  ASSERT_EQ(engine().wait(forever, one), 1U);
  ASSERT_EQ(one[0].flight, &first);
  engine().cancel(second);
  std::size_t count = 0;
  for (int i = 0; i < 20 && count == 0; ++i) count = engine().wait(50, one);
  EXPECT_EQ(count, 1U) << "the cancellation was lost";
  if (count == 0) {
    engine().cancel(second);
    while (count == 0) count = engine().wait(forever, one);
  }
  EXPECT_EQ(one[0].flight, &second);
  EXPECT_EQ(one[0].result.value, -ECANCELED);
  for (const std::uint16_t id : kept) engine().recycle(id);
}

// --- Closing ---

using Closing = lab::OnEngine;
ON_EACH_ENGINE(Closing);

TEST_P(Closing, ThroughTheEngineClosesTheDescriptor) {
  Pair pair;
  const int number = pair.ours.release();
  lab().engine().close(number);
  lab().loop.iterate(0);
  char byte = 0;
  EXPECT_EQ(::recv(pair.theirs.get(), &byte, 1, MSG_DONTWAIT), 0) << "the peer sees the end";
  EXPECT_LT(::fcntl(number, F_GETFD), 0);
}

TEST_P(Closing, ADescriptorThatIsNotOpenCompletesNothing) {
  lab().engine().close(1'000'000);
  EXPECT_EQ(lab().loop.iterate(0), 0U);
}

class Ends : public ::testing::TestWithParam<lab::Kind> {};
ON_EACH_ENGINE(Ends);

// A server closes its connections last, and does not run the loop after that.
TEST_P(Ends, CloseDescriptorsWhoseCloseWasRequested) {
  std::string why;
  std::unique_ptr<Engine> engine = lab::make_engine(GetParam(), why);
  if (!engine) GTEST_SKIP() << why;
  std::vector<Pair> pairs(10);
  for (Pair& pair : pairs) engine->close(pair.ours.release());
  engine.reset();
  for (const Pair& pair : pairs) {
    char byte = 0;
    EXPECT_EQ(::recv(pair.theirs.get(), &byte, 1, MSG_DONTWAIT), 0) << "the peer sees the end";
  }
}

TEST_P(Ends, CanBeFollowedByNewEngines) {
  for (int i = 0; i < 50; ++i) {
    std::string why;
    const std::unique_ptr<Engine> engine = lab::make_engine(GetParam(), why);
    if (!engine && i == 0) GTEST_SKIP() << why;
    ASSERT_TRUE(engine) << "engine " << i << ": " << why;
    Lab lab(*engine);
    Pair pair;
    lab::write_at_once(pair.theirs.get(), "x");
    const int fd = pair.ours.get();
    const Result got = lab.result_of([&](Io& io) { return io.recv_provided(fd); });
    ASSERT_EQ(got.value, 1);
    engine->recycle(got.buffer);
  }
}

}  // namespace
}  // namespace uring
