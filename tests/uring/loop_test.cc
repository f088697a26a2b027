// Io, Loop, Scope and Fd on real engines: what waits, what ends it, and that nothing is lost.
#include "uring/loop.h"

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/io.h"
#include "uring/scope.h"

namespace uring {
namespace {

using lab::Lab;
using lab::Pair;

constexpr std::size_t mebibyte = 1U << 20;

// How a coroutine's connection came to its end.
struct Ending {
  std::uint64_t bytes = 0;  // moved before
  Result last;              // what ended it
  bool timed_out = false;
  bool ended = false;
};

// Yields so often, and notes each time whose turn it was.
Task<> take_turns(Lab& lab, char name, int times, std::string& turns) {
  Io io(lab.scope);
  for (int i = 0; i < times; ++i) {
    turns += name;
    const Result yielded = co_await io.yield();
    EXPECT_TRUE(yielded.ok());
  }
}

// Sends back what arrives, until the peer finishes.
Task<> echo_provided(Lab& lab, int fd, Ending& ending) {
  Io io(lab.scope);
  for (;;) {
    const Result got = co_await io.recv_provided(fd);
    ending.last = got;
    if (got.value <= 0) break;
    const std::string_view bytes(lab.engine().buffer(got.buffer).data(), got.count());
    const Result sent = co_await io.send(fd, bytes);
    lab.engine().recycle(got.buffer);
    ending.bytes += sent.count();
  }
  lab.engine().close(fd);
  ending.ended = true;
}

// The same into memory of its own.
Task<> echo(Lab& lab, int fd, Ending& ending) {
  Io io(lab.scope);
  std::array<char, 1000> room;
  for (;;) {
    const Result got = co_await io.recv(fd, room);
    ending.last = got;
    if (got.value <= 0) break;
    const std::string_view bytes(room.data(), got.count());
    const Result sent = co_await io.send(fd, bytes);
    ending.bytes += sent.count();
  }
  lab.engine().close(fd);
  ending.ended = true;
}

// Reads until the end of the stream, at most `most` bytes at a time.
Task<> read_all(Lab& lab, int fd, std::size_t most, std::string& all) {
  Io io(lab.scope);
  std::vector<char> room(most);
  for (;;) {
    const Result got = co_await io.recv(fd, room);
    if (got.value <= 0) break;
    all.append(room.data(), got.count());
  }
  lab.engine().close(fd);
}

// Sends `bytes`, says that it was all, and closes.
Task<> send_all(Lab& lab, int fd, std::string_view bytes, Ending& ending) {
  Io io(lab.scope);
  const Result sent = co_await io.send(fd, bytes);
  ending.last = sent;
  lab.engine().finish_sending(fd);
  lab.engine().close(fd);
  ending.ended = true;
}

Task<> gather_all(Lab& lab, int fd, Gather& message, Ending& ending) {
  Io io(lab.scope);
  const Result sent = co_await io.send(fd, message);
  ending.last = sent;
  lab.engine().close(fd);
  ending.ended = true;
}

// One recv that waits, so that a test can end it.
Task<> wait_for_bytes(Lab&, Io& io, int fd, Milliseconds patience, Ending& ending) {
  std::array<char, 64> room;
  if (patience > 0) io.set_deadline(patience);
  const Result got = co_await io.recv(fd, room);
  ending.last = got;
  ending.bytes = got.count();
  ending.timed_out = io.timed_out();
  ending.ended = true;
}

Task<> wait_for_provided(Lab& lab, int fd, Ending& ending) {
  Io io(lab.scope);
  const Result got = co_await io.recv_provided(fd);
  if (got.buffer != no_buffer) lab.engine().recycle(got.buffer);
  ending.last = got;
  ending.bytes = got.count();
  ending.ended = true;
}

// --- Bytes ---

using Connections = lab::OnEngine;
ON_EACH_ENGINE(Connections);

TEST_P(Connections, EchoThroughProvidedBuffers) {
  Pair pair;
  Ending ending;
  lab().scope.spawn(echo_provided(lab(), pair.ours.release(), ending));
  for (int i = 0; i < 10; ++i) {
    const std::string text = "message " + std::to_string(i);
    lab::write_at_once(pair.theirs.get(), text);
    std::string back;
    while (back.size() < text.size()) {
      lab().loop.iterate(forever);
      back += lab::read_what_is_there(pair.theirs.get());
    }
    EXPECT_EQ(back, text);
  }
  ::shutdown(pair.theirs.get(), SHUT_WR);
  lab().run();
  EXPECT_TRUE(ending.ended);
  EXPECT_EQ(ending.bytes, 90U);
  EXPECT_EQ(ending.last.value, 0);
  EXPECT_EQ(ending.last.buffer, no_buffer) << "the end of the stream holds no buffer";
}

// Two that yield take turns, and who waits for neither is not kept from its own.
TEST_P(Connections, TakeTurnsWhereTheyYield) {
  std::string turns;
  lab().scope.spawn(take_turns(lab(), 'a', 3, turns));
  lab().scope.spawn(take_turns(lab(), 'b', 3, turns));
  lab().run();
  EXPECT_EQ(turns, "ababab");
}

TEST_P(Connections, EchoOverTcpWithBothEndsOnOneLoop) {
  const Fd listener = lab::listener();
  Fd client = lab::connected_to(listener);
  Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::string sent = lab::pattern(300'000);
  std::string received;
  Ending echoing;
  Ending sending;
  const int reader = ::dup(client.get());
  lab().scope.spawn(echo(lab(), server.release(), echoing));
  lab().scope.spawn(read_all(lab(), reader, 4096, received));
  lab().scope.spawn(send_all(lab(), client.release(), sent, sending));
  lab().run();
  EXPECT_EQ(sending.last.count(), sent.size());
  EXPECT_EQ(echoing.bytes, sent.size());
  EXPECT_TRUE(received == sent);
}

TEST_P(Connections, SendAllToASlowReader) {
  Pair pair;
  const std::string sent = lab::pattern(16 * mebibyte);
  std::string received;
  Ending ending;
  lab().scope.spawn(send_all(lab(), pair.ours.release(), sent, ending));
  lab().scope.spawn(read_all(lab(), pair.theirs.release(), 5000, received));
  lab().run();
  EXPECT_EQ(ending.last.count(), sent.size()) << "one send, one completion";
  EXPECT_TRUE(received == sent);
}

TEST_P(Connections, SendAllPiecesToASlowReaderOverTcp) {
  const Fd listener = lab::listener();
  Fd client = lab::connected_to(listener);
  Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::string head = "head\r\n";
  const std::string body = lab::pattern(16 * mebibyte);
  const std::string tail = "tail";
  Gather message;
  message.add("left out");
  message.clear();
  message.add(head);
  message.add("");
  message.add(body);
  message.add(tail);
  EXPECT_EQ(message.bytes(), head.size() + body.size() + tail.size());
  std::string received;
  Ending ending;
  lab().scope.spawn(gather_all(lab(), server.release(), message, ending));
  lab().scope.spawn(read_all(lab(), client.release(), 9000, received));
  lab().run();
  EXPECT_EQ(ending.last.count(), message.bytes());
  EXPECT_TRUE(received == head + body + tail);
}

TEST_P(Connections, SendNothingAtOnce) {
  Pair pair;
  const int fd = pair.ours.get();
  EXPECT_EQ(lab().answer([&](Io& io) { return io.send(fd, ""); }).value, 0);
}

TEST_P(Connections, ConnectToAListener) {
  const Fd listener = lab::listener();
  const sockaddr_in address = lab::address_of(listener);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Result result = lab().answer([&](Io& io) {
    return io.connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  EXPECT_TRUE(result.ok()) << describe(result.fault());
  EXPECT_TRUE(Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)).valid());
}

TEST_P(Connections, ToNobodyAreRefused) {
  const Fd nobody = lab::bound_socket();
  const sockaddr_in address = lab::address_of(nobody);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Result result = lab().answer([&](Io& io) {
    return io.connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  EXPECT_EQ(result.fault(), Fault::refused);
}

TEST_P(Connections, ToAPeerThatResetSayThatItIsGone) {
  const Fd listener = lab::listener();
  Fd client = lab::connected_to(listener);
  const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  client.reset();
  const int fd = server.get();
  const Result got = lab().answer([&](Io& io) { return io.recv_provided(fd); });
  EXPECT_EQ(got.fault(), Fault::peer_gone);
  EXPECT_EQ(got.buffer, no_buffer);
  const Result sent = lab().answer([&](Io& io) { return io.send(fd, "anybody there?"); });
  EXPECT_EQ(sent.fault(), Fault::peer_gone) << "an answer, and no signal";
}

TEST_P(Connections, ThatFinishedSendingStillReceive) {
  Pair pair;
  lab().engine().finish_sending(pair.ours.get());
  char byte = 0;
  EXPECT_EQ(::recv(pair.theirs.get(), &byte, 1, MSG_DONTWAIT), 0) << "the peer reads the end";
  lab::write_at_once(pair.theirs.get(), "late");
  std::array<char, 8> room;
  const int fd = pair.ours.get();
  EXPECT_EQ(lab().answer([&](Io& io) { return io.recv(fd, room); }).count(), 4U);
}

// --- Time ---

using Deadlines = lab::OnEngine;
ON_EACH_ENGINE(Deadlines);

TEST_P(Deadlines, CancelAReceive) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  const Milliseconds before = lab().loop.now();
  lab().scope.spawn(wait_for_bytes(lab(), io, pair.ours.get(), 30, ending));
  lab().run();
  EXPECT_EQ(ending.last.value, -ECANCELED);
  EXPECT_EQ(ending.last.fault(), Fault::cancelled);
  EXPECT_TRUE(ending.timed_out);
  EXPECT_FALSE(io.stopped());
  EXPECT_GE(lab().loop.now() - before, 30) << "not early";
}

TEST_P(Deadlines, ThatPassedAnswerEveryLaterWaitAtOnceUntilRenewed) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  const int fd = pair.ours.get();
  lab().scope.spawn(wait_for_bytes(lab(), io, fd, 1, ending));
  lab().run();
  lab::write_at_once(pair.theirs.get(), "late");
  const std::uint64_t operations = engine().counters().operations;
  std::array<char, 8> room;
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.recv(fd, room); }).value, -ECANCELED);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.send(fd, "x"); }).value, -ECANCELED);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.sleep(lab::an_hour); }).value, -ECANCELED);
  EXPECT_EQ(engine().counters().operations, operations) << "nothing was asked of the kernel";
  io.renew();
  EXPECT_FALSE(io.timed_out());
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.recv(fd, room); }).count(), 4U);
}

TEST_P(Deadlines, EndASendToAPeerThatReadsNoMore) {
  Pair pair;
  Io io(lab().scope);
  const std::string bytes = lab::pattern(4 * mebibyte);
  io.set_deadline(20);
  const Result sent = lab().answer(io, [&](Io& i) { return i.send(pair.ours.get(), bytes); });
  EXPECT_TRUE(io.timed_out());
  EXPECT_GT(sent.count(), 0U) << "what was sent is said";
  EXPECT_LT(sent.count(), bytes.size());
  const std::string arrived = lab::read_what_is_there(pair.theirs.get());
  EXPECT_TRUE(arrived == bytes.substr(0, sent.count()));
}

TEST_P(Deadlines, ThatAreClearedDoNotFire) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(wait_for_bytes(lab(), io, pair.ours.get(), 1, ending));
  io.clear_deadline();
  Io other(lab().scope);
  other.set_deadline(200);
  while (!other.timed_out()) lab().loop.iterate(forever);
  EXPECT_FALSE(ending.ended);
  io.stop();
  lab().run();
  EXPECT_FALSE(ending.timed_out);
}

TEST_P(Deadlines, LetAnArrivedByteThrough) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(wait_for_bytes(lab(), io, pair.ours.get(), lab::an_hour, ending));
  lab().loop.iterate(0);
  lab::write_at_once(pair.theirs.get(), "x");
  lab().run();
  EXPECT_EQ(ending.last.value, 1);
  EXPECT_FALSE(ending.timed_out);
}

TEST_P(Deadlines, SleepAsLongAsAsked) {
  for (const Milliseconds duration : {0, 1, 63, 64, 65, 130}) {
    const Milliseconds before = engine().now();
    EXPECT_EQ(lab().answer([&](Io& io) { return io.sleep(duration); }).value, 0);
    EXPECT_GE(engine().now() - before, duration);
  }
}

// --- Stopping ---

using Stopping = lab::OnEngine;
ON_EACH_ENGINE(Stopping);

TEST_P(Stopping, EndsAReceive) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
  lab().loop.iterate(0);
  EXPECT_FALSE(ending.ended);
  io.stop();
  io.stop();
  EXPECT_FALSE(ending.ended) << "stopping resumes nobody";
  lab().run();
  EXPECT_EQ(ending.last.value, -ECANCELED);
  EXPECT_TRUE(io.stopped());
  EXPECT_FALSE(ending.timed_out);
}

TEST_P(Stopping, WorksBeforeTheOperationReachedTheKernel) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
  io.stop();
  lab().run();
  EXPECT_EQ(ending.last.value, -ECANCELED);
}

TEST_P(Stopping, EndsAConnect) {
  // A listener whose backlog is full answers no further connection.
  const Fd full = lab::bound_socket();
  ASSERT_EQ(::listen(full.get(), 0), 0);
  const Fd first = lab::connected_to(full);
  const sockaddr_in address = lab::address_of(full);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Io io(lab().scope);
  Result result;
  const auto ask = [&](Io& i) {
    return i.connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  };
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  lab().loop.iterate(0);
  if (lab().scope.empty()) GTEST_SKIP() << "this kernel's backlog is never full";
  io.stop();
  lab().run();
  EXPECT_EQ(result.value, -ECANCELED);
}

TEST_P(Stopping, WakesASleeper) {
  Io io(lab().scope);
  Result result;
  const auto ask = [](Io& i) { return i.sleep(lab::an_hour); };
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  lab().loop.iterate(0);
  io.stop();
  lab().run();
  EXPECT_EQ(result.value, -ECANCELED);
  EXPECT_FALSE(io.timed_out()) << "to be woken is no deadline";
}

TEST_P(Stopping, AnswersEveryLaterWaitAtOnce) {
  Pair pair;
  lab::write_at_once(pair.theirs.get(), "here");
  Io io(lab().scope);
  io.stop();
  const int fd = pair.ours.get();
  std::array<char, 8> room;
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.recv(fd, room); }).value, -ECANCELED);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.recv_provided(fd); }).value, -ECANCELED);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.accept(fd); }).value, -ECANCELED);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.sleep(1); }).value, -ECANCELED);
  EXPECT_EQ(engine().counters().operations, 0U);
  io.renew();
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.recv(fd, room); }).count(), 4U);
}

TEST_P(Stopping, LeavesFileOperationsAlone) {
  const lab::Folder folder;
  folder.put("file", "content");
  Io io(lab().scope);
  io.stop();
  const int folder_fd = folder.fd();
  const OpenHow how{.flags = O_RDWR | O_CLOEXEC};
  const Result opened = lab().answer(io, [&](Io& i) { return i.open(folder_fd, "file", how); });
  ASSERT_TRUE(opened.ok());
  const Fd file(opened.value);
  std::array<char, 16> room;
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.read(file.get(), room, 0); }).count(), 7U);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.write(file.get(), "CON", 0); }).count(), 3U);
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.unlink(folder_fd, "file", 0); }).ok());
}

TEST_P(Stopping, LeavesAFileOperationInFlightAlone) {
  const lab::Folder folder;
  const Fd file(::openat(folder.fd(), "file", O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const std::string bytes = lab::pattern(2 * mebibyte);
  Io io(lab().scope);
  Result result;
  const auto ask = [&](Io& i) { return i.write(file.get(), bytes, 0); };
  io.set_deadline(0);
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  io.stop();
  lab().run();
  EXPECT_EQ(result.count(), bytes.size());
  EXPECT_EQ(engine().counters().cancels, 0U);
  EXPECT_TRUE(folder.get("file") == bytes);
}

// Whoever wins, no byte is lost: it was received, or it is still there.
TEST_P(Stopping, RacesWithDataAndLosesNone) {
  int received = 0;
  for (int i = 0; i < 300; ++i) {
    Pair pair;
    Io io(lab().scope);
    Ending ending;
    lab().scope.spawn(wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
    if (i % 3 != 0) lab().loop.iterate(0);
    if (i % 2 == 0) io.stop();
    lab::write_at_once(pair.theirs.get(), "data");
    if (i % 2 == 1) io.stop();
    lab().run();
    const std::string left = lab::read_what_is_there(pair.ours.get());
    EXPECT_EQ(ending.bytes + left.size(), 4U);
    EXPECT_EQ(ending.last.ok(), left.empty());
    received += ending.last.ok() ? 1 : 0;
    pair.close_ours(engine());
  }
  RecordProperty("received", received);
}

// Receives once, and then stops its neighbour, whose bytes may have arrived in the same batch.
Task<> stop_neighbour(Lab& lab, Io& io, int fd, Io& neighbour, Ending& ending) {
  const Result got = co_await io.recv_provided(fd);
  if (got.buffer != no_buffer) lab.engine().recycle(got.buffer);
  ending.last = got;
  neighbour.stop();
  std::array<char, 8> room;
  const Result more = co_await io.recv(fd, room);
  ending.bytes = got.count() + more.count();
  ending.ended = true;
}

TEST_P(Stopping, OfANeighbourInTheSameBatchEndsBoth) {
  for (int i = 0; i < 100; ++i) {
    Pair left;
    Pair right;
    Io left_io(lab().scope);
    Io right_io(lab().scope);
    Ending left_ending;
    Ending right_ending;
    lab().scope.spawn(stop_neighbour(lab(), left_io, left.ours.get(), right_io, left_ending));
    lab().scope.spawn(stop_neighbour(lab(), right_io, right.ours.get(), left_io, right_ending));
    lab().loop.iterate(0);
    lab::write_at_once(left.theirs.get(), "a");
    lab::write_at_once(right.theirs.get(), "b");
    lab().run();
    EXPECT_TRUE(left_ending.ended && right_ending.ended);
    left.close_ours(engine());
    right.close_ours(engine());
  }
}

void thousand_waiting_end(lab::Lab& lab) {
  constexpr std::size_t count = 1000;
  std::vector<Pair> pairs(count);
  std::vector<Ending> endings(count);
  for (std::size_t i = 0; i < count; ++i) {
    lab.scope.spawn(wait_for_provided(lab, pairs[i].ours.get(), endings[i]));
  }
  for (int i = 0; i < 3; ++i) lab.loop.iterate(0);
  EXPECT_EQ(lab.scope.tasks(), count);
  EXPECT_EQ(lab.engine().counters().buffer_shortages, 0U) << "who waits holds no buffer";
  lab.scope.stop();
  lab.run();
  for (const Ending& ending : endings) EXPECT_EQ(ending.last.value, -ECANCELED);
  EXPECT_EQ(lab.engine().counters().cancels, count);
}

TEST_P(Stopping, AScopeEndsAThousandConnectionsThatWait) {
  if (!lab::allow_descriptors(2100)) GTEST_SKIP() << "needs 2,100 descriptors";
  thousand_waiting_end(lab());
}

TEST(StoppingOnARing, OfEightEntriesEndsAThousandConnectionsThatWait) {
  if (!lab::allow_descriptors(2100)) GTEST_SKIP() << "needs 2,100 descriptors";
  Refusal refusal;
  const std::unique_ptr<Ring> ring =
      Ring::create({.submission_entries = 8, .completion_entries = 8}, refusal);
  if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
  Lab lab(*ring);
  thousand_waiting_end(lab);
}

TEST_P(Stopping, AScopeLeavesAnotherScopeAlone) {
  Pair pair;
  Scope other(lab().loop);
  Io io(other);
  Ending ending;
  other.spawn(wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
  lab().loop.iterate(0);
  lab().scope.stop();
  lab().loop.iterate(0);
  EXPECT_FALSE(ending.ended);
  EXPECT_FALSE(io.stopped());
  other.stop();
  lab().loop.run(other);
  EXPECT_TRUE(ending.ended);
}

// As a deadline does, so that what has just arrived is not lost.
TEST_P(Stopping, AScopeCanEndOnlyThoseThatAreIdle) {
  Pair idle_pair;
  Pair busy_pair;
  Io idle(lab().scope);
  Io busy(lab().scope);
  idle.set_idle(true);
  Ending idle_ending;
  Ending busy_ending;
  lab().scope.spawn(wait_for_bytes(lab(), idle, idle_pair.ours.get(), 0, idle_ending));
  lab().scope.spawn(wait_for_bytes(lab(), busy, busy_pair.ours.get(), 0, busy_ending));
  lab().loop.iterate(0);
  lab().scope.end_idle();
  while (!idle_ending.ended) lab().loop.iterate(forever);
  EXPECT_EQ(idle_ending.last.value, -ECANCELED);
  EXPECT_TRUE(idle_ending.timed_out);
  EXPECT_FALSE(idle.stopped());
  EXPECT_FALSE(busy_ending.ended);
  lab::write_at_once(busy_pair.theirs.get(), "x");
  lab().run();
  EXPECT_EQ(busy_ending.bytes, 1U);
}

// --- Accepting ---

using Accepting = lab::OnEngine;
ON_EACH_ENGINE(Accepting);

// What an acceptor was given. It stops itself after `most` connections.
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

// How many are still in the queue of a listener.
std::size_t count_left(const Fd& listener) {
  ::fcntl(listener.get(), F_SETFL, O_NONBLOCK);
  std::size_t left = 0;
  while (Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)).valid()) ++left;
  return left;
}

TEST_P(Accepting, GivesAllThatCame) {
  const Fd listener = lab::listener();
  const std::vector<Fd> clients = connect_some(listener, 50);
  Io io(lab().scope);
  Guests guests;
  lab().scope.spawn(accept_all(lab(), io, listener.get(), guests));
  const bool one_by_one = missing_in(GetParam()) & multishot_accept;
  for (int i = 0; i < (one_by_one ? 50 : 1); ++i) lab().loop.iterate(forever);
  EXPECT_EQ(guests.connections.size(), 50U) << "one turn, where that is possible";
  EXPECT_EQ(engine().counters().operations, 1U);
  io.stop();
  lab().run();
  EXPECT_EQ(guests.last.value, -ECANCELED);
}

TEST_P(Accepting, GivesOneAfterTheOther) {
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

TEST_P(Accepting, EndsWhenStoppedAndLosesNobody) {
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
    EXPECT_TRUE(guests.last.ok() || guests.last.value == -ECANCELED) << "the last may be a guest";
    EXPECT_EQ(guests.connections.size() + count_left(listener), 20U);
  }
}

// As a server does that has as many connections as it may.
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

TEST_P(Accepting, GoesOnAfterRenewal) {
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

TEST_P(Accepting, SaysWhenThereIsNoListener) {
  const Pair pair;
  const int fd = pair.ours.get();
  const Result result = lab().answer([&](Io& io) { return io.accept(fd); });
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(result.more);
}

// --- Descriptors ---

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Fds, CloseWhatTheyHold) {
  const int number = ::dup(STDERR_FILENO);
  {
    const Fd fd(number);
    EXPECT_TRUE(fd.valid());
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  EXPECT_FALSE(Fd().valid());
}

TEST(Fds, MoveWithoutClosing) {
  Fd first(::dup(STDERR_FILENO));
  const int number = first.get();
  Fd second(std::move(first));
  EXPECT_TRUE(is_open(number));
  Fd third(::dup(STDERR_FILENO));
  const int replaced = third.get();
  third = std::move(second);
  EXPECT_EQ(third.get(), number);
  EXPECT_TRUE(is_open(number));
  EXPECT_FALSE(is_open(replaced));
}

TEST(Fds, GiveAwayWhatTheyHold) {
  Fd fd(::dup(STDERR_FILENO));
  const int number = fd.release();
  EXPECT_FALSE(fd.valid());
  fd.reset();
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

}  // namespace
}  // namespace uring
