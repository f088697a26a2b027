// Io on real engines: bytes in both directions, deadlines and stopping, without losing any byte.
//
// Accepting is tested in accept_test.cc, receiving with Io::receive() in receive_test.cc, and files
// in file_test.cc.
#include "uring/io.h"

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

using lab::Ending;
using lab::Lab;
using lab::Pair;

constexpr std::size_t mebibyte = 1U << 20;

// Sends the received bytes back until the end of the stream.
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

// echo_provided() with memory of its own.
Task<> echo(Lab& lab, int fd, Ending& ending) {
  Io io(lab.scope);
  std::array<char, 1000> memory;
  for (;;) {
    const Result got = co_await io.recv(fd, memory);
    ending.last = got;
    if (got.value <= 0) break;
    const std::string_view bytes(memory.data(), got.count());
    const Result sent = co_await io.send(fd, bytes);
    ending.bytes += sent.count();
  }
  lab.engine().close(fd);
  ending.ended = true;
}

// Reads until the end of the stream, at most `most` bytes at a time.
Task<> read_all(Lab& lab, int fd, std::size_t most, std::string& all) {
  Io io(lab.scope);
  std::vector<char> memory(most);
  for (;;) {
    const Result got = co_await io.recv(fd, memory);
    if (got.value <= 0) break;
    all.append(memory.data(), got.count());
  }
  lab.engine().close(fd);
}

// Sends `bytes` and the end of the stream, and closes.
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
  EXPECT_EQ(lab().result_of([&](Io& io) { return io.send(fd, ""); }).value, 0);
}

TEST_P(Connections, ConnectToAListener) {
  const Fd listener = lab::listener();
  const sockaddr_in address = lab::address_of(listener);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Result result = lab().result_of([&](Io& io) {
    return io.connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  EXPECT_TRUE(result.ok()) << describe(result.fault());
  EXPECT_TRUE(Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)).valid());
}

TEST_P(Connections, ToAPortWithoutAListenerAreRefused) {
  const Fd bound = lab::bound_socket();
  const sockaddr_in address = lab::address_of(bound);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Result result = lab().result_of([&](Io& io) {
    return io.connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  });
  EXPECT_EQ(result.fault(), Fault::refused);
}

TEST_P(Connections, ThatThePeerHasResetFail) {
  const Fd listener = lab::listener();
  Fd client = lab::connected_to(listener);
  const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  client.reset();
  const int fd = server.get();
  const Result got = lab().result_of([&](Io& io) { return io.recv_provided(fd); });
  EXPECT_EQ(got.fault(), Fault::peer_gone);
  EXPECT_EQ(got.buffer, no_buffer);
  const Result sent = lab().result_of([&](Io& io) { return io.send(fd, "more"); });
  EXPECT_EQ(sent.fault(), Fault::peer_gone) << "an error, and no signal";
}

TEST_P(Connections, ThatFinishedSendingStillReceive) {
  Pair pair;
  lab().engine().finish_sending(pair.ours.get());
  char byte = 0;
  EXPECT_EQ(::recv(pair.theirs.get(), &byte, 1, MSG_DONTWAIT), 0) << "the peer reads the end";
  lab::write_at_once(pair.theirs.get(), "late");
  std::array<char, 8> memory;
  const int fd = pair.ours.get();
  EXPECT_EQ(lab().result_of([&](Io& io) { return io.recv(fd, memory); }).count(), 4U);
}

// --- Time ---

using Deadlines = lab::OnEngine;
ON_EACH_ENGINE(Deadlines);

TEST_P(Deadlines, CancelAReceive) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  const Milliseconds before = lab().loop.now();
  lab().scope.spawn(lab::wait_for_bytes(lab(), io, pair.ours.get(), 30, ending));
  lab().run();
  EXPECT_EQ(ending.last.value, -ECANCELED);
  EXPECT_EQ(ending.last.fault(), Fault::cancelled);
  EXPECT_TRUE(ending.timed_out);
  EXPECT_FALSE(io.stopped());
  EXPECT_GE(lab().loop.now() - before, 30) << "not early";
}

TEST_P(Deadlines, ThatPassedCancelEveryLaterWaitAtOnceUntilRenewed) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  const int fd = pair.ours.get();
  lab().scope.spawn(lab::wait_for_bytes(lab(), io, fd, 1, ending));
  lab().run();
  lab::write_at_once(pair.theirs.get(), "late");
  const std::uint64_t operations = engine().counters().operations;
  std::array<char, 8> memory;
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.recv(fd, memory); }).value, -ECANCELED);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.send(fd, "x"); }).value, -ECANCELED);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.sleep(lab::an_hour); }).value, -ECANCELED);
  EXPECT_EQ(engine().counters().operations, operations) << "no operation was started";
  io.renew();
  EXPECT_FALSE(io.timed_out());
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.recv(fd, memory); }).count(), 4U);
}

TEST_P(Deadlines, EndASendToAPeerThatDoesNotRead) {
  Pair pair;
  Io io(lab().scope);
  const std::string bytes = lab::pattern(4 * mebibyte);
  io.set_deadline(20);
  const Result sent = lab().result_of(io, [&](Io& i) { return i.send(pair.ours.get(), bytes); });
  EXPECT_TRUE(io.timed_out());
  EXPECT_GT(sent.count(), 0U) << "the result counts the bytes that were sent";
  EXPECT_LT(sent.count(), bytes.size());
  const std::string arrived = lab::read_what_is_there(pair.theirs.get());
  EXPECT_TRUE(arrived == bytes.substr(0, sent.count()));
}

TEST_P(Deadlines, ThatAreClearedDoNotFire) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(lab::wait_for_bytes(lab(), io, pair.ours.get(), 1, ending));
  io.clear_deadline();
  Io other(lab().scope);
  other.set_deadline(200);
  while (!other.timed_out()) lab().loop.iterate(forever);
  EXPECT_FALSE(ending.ended);
  io.stop();
  lab().run();
  EXPECT_FALSE(ending.timed_out);
}

TEST_P(Deadlines, DoNotCancelAReceiveWhoseByteHasArrived) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(lab::wait_for_bytes(lab(), io, pair.ours.get(), lab::an_hour, ending));
  lab().loop.iterate(0);
  lab::write_at_once(pair.theirs.get(), "x");
  lab().run();
  EXPECT_EQ(ending.last.value, 1);
  EXPECT_FALSE(ending.timed_out);
}

// --- Stopping ---

using Stopping = lab::OnEngine;
ON_EACH_ENGINE(Stopping);

TEST_P(Stopping, EndsAReceive) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(lab::wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
  lab().loop.iterate(0);
  EXPECT_FALSE(ending.ended);
  io.stop();
  io.stop();
  EXPECT_FALSE(ending.ended) << "stop() resumes no coroutine";
  lab().run();
  EXPECT_EQ(ending.last.value, -ECANCELED);
  EXPECT_TRUE(io.stopped());
  EXPECT_FALSE(ending.timed_out);
}

TEST_P(Stopping, WorksBeforeTheOperationReachedTheKernel) {
  Pair pair;
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(lab::wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
  io.stop();
  lab().run();
  EXPECT_EQ(ending.last.value, -ECANCELED);
}

TEST_P(Stopping, EndsAConnect) {
  // A listener with a full backlog accepts no further connection.
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

TEST_P(Stopping, EndsASleepInTheNextIteration) {
  Io io(lab().scope);
  Result result;
  const auto ask = [](Io& i) { return i.sleep(lab::an_hour); };
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  lab().loop.iterate(0);
  io.stop();
  lab().loop.iterate(0);
  EXPECT_TRUE(lab().scope.empty());
  EXPECT_EQ(result.value, -ECANCELED);
  EXPECT_FALSE(io.timed_out()) << "stop() is not a deadline";
}

TEST_P(Stopping, CancelsEveryLaterWaitAtOnce) {
  Pair pair;
  lab::write_at_once(pair.theirs.get(), "here");
  Io io(lab().scope);
  io.stop();
  const int fd = pair.ours.get();
  std::array<char, 8> memory;
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.recv(fd, memory); }).value, -ECANCELED);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.recv_provided(fd); }).value, -ECANCELED);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.accept(fd); }).value, -ECANCELED);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.sleep(1); }).value, -ECANCELED);
  EXPECT_EQ(engine().counters().operations, 0U);
  io.renew();
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.recv(fd, memory); }).count(), 4U);
}

TEST_P(Stopping, DoesNotCancelFileOperations) {
  const lab::Folder folder;
  folder.put("file", "content");
  Io io(lab().scope);
  io.stop();
  const int folder_fd = folder.fd();
  const OpenHow how{.flags = O_RDWR | O_CLOEXEC};
  const Result opened = lab().result_of(io, [&](Io& i) { return i.open(folder_fd, "file", how); });
  ASSERT_TRUE(opened.ok());
  const Fd file(opened.value);
  std::array<char, 16> memory;
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.read(file.get(), memory, 0); }).count(), 7U);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.write(file.get(), "CON", 0); }).count(), 3U);
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.unlink(folder_fd, "file", 0); }).ok());
}

TEST_P(Stopping, DoesNotCancelAFileOperationInFlight) {
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

// Whether the bytes or stop() come first, no byte is lost: it was received, or can still be read.
TEST_P(Stopping, RacesWithDataAndLosesNone) {
  int received = 0;
  for (int i = 0; i < 300; ++i) {
    Pair pair;
    Io io(lab().scope);
    Ending ending;
    lab().scope.spawn(lab::wait_for_bytes(lab(), io, pair.ours.get(), 0, ending));
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

}  // namespace
}  // namespace uring
