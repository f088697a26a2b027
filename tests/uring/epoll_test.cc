// Epoll: edge-triggered events, reused descriptor numbers, fairness, and files that threads work
// on.
//
// The behaviour that it shares with Ring is tested in engine_test.cc and other files.
#include "uring/epoll.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <string>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "tests/uring/threads.h"
#include "uring/io.h"

namespace uring {
namespace {

using lab::Lab;
using lab::Pair;

std::unique_ptr<Epoll> make_epoll(unsigned threads = 4) {
  int error = 0;
  return Epoll::create({.file_threads = threads}, error);
}

class Epolls : public ::testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(lab.frames().live(), 0U);
    EXPECT_EQ(engine->buffers_in_use(), 0U);
  }

  std::unique_ptr<Epoll> engine = make_epoll();
  Lab lab{*engine};
};

// --- Sockets ---

// A socket that a second descriptor keeps open still causes events, under a number that now belongs
// to another socket.
TEST_F(Epolls, IgnoreEventsOfAnEarlierSocketWithTheNumberOfAnother) {
  Pair first;
  const int number = first.ours.get();
  Io io(lab.scope);
  Result got;
  std::array<char, 32> memory{};
  const auto ask = [&](Io& i) { return i.recv(number, memory); };
  lab.scope.spawn(lab::await_one(lab, io, ask, got));
  lab.loop.iterate(0);
  io.stop();
  lab.run();
  EXPECT_EQ(got.value, -ECANCELED);
  io.renew();
  const Fd second_name(::dup(number));
  engine->close(first.ours.release());
  Pair second;
  if (second.ours.get() != number) {
    ASSERT_EQ(::dup2(second.ours.get(), number), number);
    second.ours.reset(number);
  }
  lab.scope.spawn(lab::await_one(lab, io, ask, got));
  lab::write_at_once(first.theirs.get(), "for the first");
  for (int i = 0; i < 5; ++i) lab.loop.iterate(0);
  EXPECT_EQ(lab.scope.tasks(), 1U);
  lab::write_at_once(second.theirs.get(), "for the second");
  lab.run();
  EXPECT_EQ(std::string_view(memory.data(), got.count()), "for the second");
  EXPECT_EQ(lab::read_what_is_there(second_name.get()), "for the first");
  second.close_ours(*engine);
}

Task<> accept_all(Lab&, Io& io, int listener, std::vector<Fd>& guests) {
  for (;;) {
    const Result got = co_await io.accept(listener);
    if (got.ok()) guests.emplace_back(got.value);
    if (!got.more) break;
  }
}

TEST_F(Epolls, AcceptALongQueueInSeveralIterations) {
  const Fd listener = lab::listener();
  std::vector<Fd> clients;
  clients.reserve(300);
  for (int i = 0; i < 300; ++i) clients.push_back(lab::connected_to(listener));
  Io io(lab.scope);
  std::vector<Fd> guests;
  lab.scope.spawn(accept_all(lab, io, listener.get(), guests));
  lab.loop.iterate(forever);
  EXPECT_LT(guests.size(), 300U) << "other descriptors are served in between";
  while (guests.size() < 300) lab.loop.iterate(forever);
  io.stop();
  lab.run();
}

// Workers share the socket of a path.
TEST_F(Epolls, ShareAListenerWithoutLosingAConnection) {
  const std::unique_ptr<Epoll> other = make_epoll();
  Lab other_lab(*other);
  const Fd listener = lab::listener();
  Io io(lab.scope);
  Io other_io(other_lab.scope);
  std::vector<Fd> guests;
  lab.scope.spawn(accept_all(lab, io, listener.get(), guests));
  other_lab.scope.spawn(accept_all(other_lab, other_io, listener.get(), guests));
  std::vector<Fd> clients;
  for (std::size_t i = 1; i <= 50; ++i) {
    clients.push_back(lab::connected_to(listener));
    while (guests.size() < i) {
      lab.loop.iterate(0);
      other_lab.loop.iterate(0);
    }
  }
  io.stop();
  lab.run();
  clients.push_back(lab::connected_to(listener));
  while (guests.size() < 51) other_lab.loop.iterate(forever);
  other_io.stop();
  other_lab.run();
}

// A unix socket with a full queue causes no event when its queue has space again.
TEST_F(Epolls, ConnectToAUnixSocketWhenItsQueueHasSpace) {
  const lab::Folder folder;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), where, sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  std::vector<Fd> filling;
  do {
    filling.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  } while (::connect(filling.back().get(), where, sizeof address) == 0);
  for (const bool is_stopped : {true, false}) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Io io(lab.scope);
    Result result{.value = 1};
    const auto ask = [&](Io& i) { return i.connect(fd, where, sizeof address); };
    lab.scope.spawn(lab::await_one(lab, io, ask, result));
    for (int i = 0; i < 3; ++i) lab.loop.iterate(forever);
    EXPECT_EQ(result.value, 1) << "it waits";
    if (is_stopped)
      io.stop();
    else
      Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
    lab.run();
    EXPECT_EQ(result.value, is_stopped ? -ECANCELED : 0);
    engine->close(fd);
  }
}

// Receives until the stream ends.
Task<> receive_all(Lab& lab, Io& io, int fd, std::string& all) {
  for (;;) {
    const Result got = co_await io.receive(fd);
    if (got.count() == 0) break;
    all.append(lab.engine().buffer(got.buffer).data(), got.count());
    lab.engine().recycle(got.buffer);
  }
}

TEST_F(Epolls, ServeASmallReceiverBesideAFlood) {
  Pair flood;
  Pair other;
  const std::string bytes = lab::pattern(15 * BufferPool::buffer_bytes);
  Io io(lab.scope);
  Io other_io(lab.scope);
  std::string all;
  std::string other_all;
  lab.scope.spawn(receive_all(lab, io, flood.ours.get(), all));
  lab.scope.spawn(receive_all(lab, other_io, other.ours.get(), other_all));
  lab::write_at_once(flood.theirs.get(), bytes);
  lab::write_at_once(other.theirs.get(), "x");
  while (other_all.empty()) lab.loop.iterate(forever);
  EXPECT_LT(all.size(), bytes.size()) << "the number of buffers in an iteration is bounded";
  flood.theirs.reset();
  other.theirs.reset();
  lab.run();
  EXPECT_TRUE(all == bytes);
  EXPECT_EQ(other_all, "x");
}

// Yields complete without epoll_wait(2), and must not prevent it.
Task<> yield_often(Lab& lab) {
  Io io(lab.scope);
  for (int i = 0; i < 100; ++i) co_await io.yield();
}

TEST_F(Epolls, DeliverEventsWhileACoroutineNeverWaits) {
  Pair pair;
  Io io(lab.scope);
  Result got;
  std::array<char, 4> memory;
  const auto ask = [&](Io& i) { return i.recv(pair.ours.get(), memory); };
  lab.scope.spawn(lab::await_one(lab, io, ask, got));
  lab.scope.spawn(yield_often(lab));
  lab.loop.iterate(0);
  lab::write_at_once(pair.theirs.get(), "now");
  for (int i = 0; i < 20; ++i) lab.loop.iterate(0);
  EXPECT_EQ(got.value, 3);
  EXPECT_EQ(lab.scope.tasks(), 1U) << "the other coroutine has not ended";
  lab.run();
}

// --- Files ---

// Opens and reads a file, and tries to open a missing one, on an engine of its own. False: a thread
// was started for it.
bool opens_and_reads_without_a_thread(const lab::Folder& folder) {
  const std::size_t before = lab::threads_of_process();
  const std::unique_ptr<Epoll> engine = make_epoll();
  Lab lab(*engine);
  const int at = folder.fd();
  const OpenHow how{.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
  const Result opened = lab.result_of([&](Io& io) { return io.open(at, "file", how); });
  EXPECT_TRUE(opened.ok());
  std::array<char, 16> memory;
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.read(opened.value, memory, 0); }).value, 7);
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.open(at, "none", how); }).fault(),
            Fault::not_found);
  engine->close(opened.value);
  return lab::threads_of_process() == before;
}

// The kernel may have to look a name up again while other processes rename: hence several attempts.
TEST(EpollFiles, InMemoryAreOpenedAndReadWithoutAThread) {
  const lab::Folder folder;
  folder.put("file", "content");
  bool once = false;
  for (int i = 0; i < 20 && !once; ++i) once = opens_and_reads_without_a_thread(folder);
  EXPECT_TRUE(once);
}

TEST_F(Epolls, ReadUncachedBytesByAThread) {
  const lab::Folder folder;
  const std::string bytes = lab::pattern(1'000'000);
  folder.put("file", bytes);
  const Fd file(::openat(folder.fd(), "file", O_RDWR | O_CLOEXEC));
  ::fsync(file.get());
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  std::string all;
  std::vector<char> memory(300'000);
  for (;;) {
    const Result got =
        lab.result_of([&](Io& io) { return io.read(file.get(), memory, all.size()); });
    ASSERT_TRUE(got.ok());
    if (got.count() == 0) break;
    all.append(memory.data(), got.count());
  }
  EXPECT_TRUE(all == bytes);
}

Task<> write_one(Lab& lab, int fd, std::size_t number, std::size_t& done) {
  Io io(lab.scope);
  const std::string bytes(1000, static_cast<char>('a' + number % 26));
  const Result written = co_await io.write(fd, bytes, number * 1000);
  if (written.count() == 1000) ++done;
}

TEST_F(Epolls, ExecuteMoreWritesThanTheyHaveThreads) {
  const lab::Folder folder;
  const Fd file(::openat(folder.fd(), "file", O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const std::size_t before = lab::threads_of_process();
  std::size_t done = 0;
  for (std::size_t i = 0; i < 200; ++i) lab.scope.spawn(write_one(lab, file.get(), i, done));
  lab.run();
  EXPECT_EQ(done, 200U);
  EXPECT_LE(lab::threads_of_process(), before + 4);
  const std::string all = folder.get("file");
  ASSERT_EQ(all.size(), 200'000U);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(all[i * 1000], static_cast<char>('a' + i % 26));
}

TEST(EpollFiles, AreProcessedWhereNoThreadIsAllowed) {
  const std::unique_ptr<Epoll> engine = make_epoll(0);
  Lab lab(*engine);
  const lab::Folder folder;
  const int at = folder.fd();
  const std::size_t before = lab::threads_of_process();
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_TRUE(lab.result_of([&](Io& io) { return io.make_directory(at, name, 0700); }).ok());
  }
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.make_directory(at, "a", 0700); }).fault(),
            Fault::exists);
  EXPECT_EQ(lab::threads_of_process(), before);
}

TEST_F(Epolls, ReadPipesOnceTheyHaveInput) {
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  Io io(lab.scope);
  std::array<char, 16> memory;
  Result got;
  const auto ask = [&](Io& i) { return i.read(out.get(), memory, at_position); };
  for (const char* word : {"one", "two", "three"}) {
    lab.scope.spawn(lab::await_one(lab, io, ask, got));
    lab.loop.iterate(0);
    EXPECT_EQ(::write(in.get(), word, std::strlen(word)), static_cast<ssize_t>(std::strlen(word)));
    lab.run();
    EXPECT_EQ(std::string_view(memory.data(), got.count()), word);
  }
  lab.scope.spawn(lab::await_one(lab, io, ask, got));
  lab.loop.iterate(0);
  in.reset();
  lab.run();
  EXPECT_EQ(got.value, 0) << "the end of the pipe";
}

TEST_F(Epolls, ExecuteQueuedOperationsBeforeTheyEnd) {
  const lab::Folder folder;
  const std::string bytes = lab::pattern(3'000'000);
  Operation operation;
  {
    const Fd file(::openat(folder.fd(), "file", O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    const std::unique_ptr<Epoll> brief = make_epoll(1);
    operation.code = OpCode::write;
    operation.fd = file.get();
    operation.address = bytes.data();
    operation.length = static_cast<std::uint32_t>(bytes.size());
    brief->start(operation);
  }
  EXPECT_TRUE(folder.get("file") == bytes);
}

}  // namespace
}  // namespace uring
