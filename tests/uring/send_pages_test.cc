// Io::send_pages() on real engines: whole and short sends, deadlines and stopping, and files that
// change meanwhile.
#include <cerrno>
#include <csignal>
#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "tests/uring/mapped.h"
#include "uring/io.h"

namespace uring {
namespace {

using lab::Ending;
using lab::Lab;
using lab::Mapped;
using lab::Pair;

constexpr std::size_t mebibyte = 1U << 20;

class SendsOfPages : public lab::OnEngine {
 protected:
  void SetUp() override {
    before_ = ::signal(SIGPIPE, SIG_IGN);
    OnEngine::SetUp();
  }
  void TearDown() override {
    OnEngine::TearDown();
    ::signal(SIGPIPE, before_);
  }

 private:
  void (*before_)(int) = nullptr;
};
ON_EACH_ENGINE(SendsOfPages);

// Sends the bytes in pieces, the first behind "front", and closes the socket.
Task<> send_in_pieces(Lab& lab, int fd, std::string_view bytes, std::size_t piece, Ending& ending) {
  Io io(lab.scope);
  std::string_view front = "front";
  while (!bytes.empty()) {
    const std::string_view pages = bytes.substr(0, piece);
    bytes.remove_prefix(pages.size());
    const std::uint32_t flags = bytes.empty() ? 0 : more_follows;
    const Result sent = co_await io.send_pages(fd, front, pages, flags);
    ending.last = sent;
    EXPECT_EQ(sent.count(), front.size() + pages.size()) << "one send, one completion";
    ending.bytes += sent.count();
    front = {};
  }
  lab.engine().close(fd);
  ending.ended = true;
}

// Reads until the end of the stream, at most `most` bytes at a time.
Task<> read_slowly(Lab& lab, int fd, std::size_t most, std::string& all) {
  Io io(lab.scope);
  std::vector<char> memory(most);
  for (;;) {
    const Result got = co_await io.recv(fd, memory);
    if (got.value <= 0) break;
    all.append(memory.data(), got.count());
  }
  lab.engine().close(fd);
}

TEST_P(SendsOfPages, send_all_to_slow_readers_over_tcp_at_one_time) {
  constexpr std::size_t count = 4;
  const Fd listener = lab::listener();
  std::vector<std::string> sent;
  std::vector<std::string> received(count);
  std::vector<Ending> endings(count);
  std::deque<Mapped> mapped;
  for (std::size_t i = 0; i < count; ++i) {
    sent.push_back(lab::pattern(6 * mebibyte + i * 1001));
    sent[i].front() = static_cast<char>('a' + i);
    mapped.emplace_back(sent[i]);
    Fd client = lab::connected_to(listener);
    Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    lab().scope.spawn(
        send_in_pieces(lab(), server.release(), mapped[i].bytes(), mebibyte + i * 999, endings[i]));
    lab().scope.spawn(read_slowly(lab(), client.release(), 7000 + i * 3000, received[i]));
  }
  lab().run();
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(endings[i].bytes, 5 + sent[i].size());
    EXPECT_TRUE(received[i] == "front" + sent[i]) << i;
  }
}

TEST_P(SendsOfPages, send_all_to_a_slow_reader_over_a_unix_socket) {
  Pair pair;
  const Mapped mapped(lab::pattern(3 * mebibyte));
  std::string received;
  Ending ending;
  lab().scope.spawn(
      send_in_pieces(lab(), pair.ours.release(), mapped.bytes(), 3 * mebibyte, ending));
  lab().scope.spawn(read_slowly(lab(), pair.theirs.release(), 5000, received));
  lab().run();
  EXPECT_TRUE(received == "front" + std::string(mapped.bytes()));
}

TEST_P(SendsOfPages, leave_the_socket_as_it_was_for_the_operations_after_them) {
  Pair pair;
  const Mapped mapped(lab::pattern(40'000));
  const int fd = pair.ours.get();
  const auto ask = [&](Io& io) { return io.send_pages(fd, "", mapped.bytes(), 0); };
  EXPECT_EQ(lab().result_of(ask).count(), 40'000U);
  EXPECT_TRUE(lab::read_what_is_there(pair.theirs.get()) == mapped.bytes());
  Io io(lab().scope);
  Ending ending;
  lab().scope.spawn(lab::wait_for_bytes(lab(), io, fd, 0, ending));
  lab().loop.iterate(0);
  EXPECT_FALSE(ending.ended) << "a receive waits";
  lab::write_at_once(pair.theirs.get(), "x");
  lab().run();
  EXPECT_EQ(ending.bytes, 1U);
}

// The peer reads only after the memory is unmapped and the file is removed.
TEST_P(SendsOfPages, deliver_bytes_whose_memory_is_unmapped_meanwhile) {
  const Fd listener = lab::listener();
  const Fd client = lab::connected_to(listener);
  const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::string bytes = lab::pattern(100'000);
  Mapped mapped(bytes);
  const int fd = server.get();
  const auto ask = [&](Io& io) { return io.send_pages(fd, "", mapped.bytes(), 0); };
  EXPECT_EQ(lab().result_of(ask).count(), bytes.size());
  mapped.unmap();
  const Mapped other(std::string(4 * mebibyte, 'x'));  // takes memory that is free
  std::string received;
  std::vector<char> memory(bytes.size());
  while (received.size() < bytes.size()) {
    const ssize_t count = ::recv(client.get(), memory.data(), memory.size(), 0);
    ASSERT_GT(count, 0);
    received.append(memory.data(), static_cast<std::size_t>(count));
  }
  EXPECT_TRUE(received == bytes);
}

TEST_P(SendsOfPages, end_where_a_truncated_file_ends) {
  Pair pair;
  const Mapped mapped(lab::pattern(65'536));
  mapped.truncate(12'288);
  const int fd = pair.ours.get();
  const auto ask = [&](Io& io) { return io.send_pages(fd, "front", mapped.bytes(), 0); };
  EXPECT_EQ(lab().result_of(ask).count(), 5 + 12'288U);
  EXPECT_EQ(lab::read_what_is_there(pair.theirs.get()).size(), 5 + 12'288U);
  mapped.truncate(0);
  const auto again = [&](Io& io) { return io.send_pages(fd, "", mapped.bytes(), 0); };
  EXPECT_EQ(lab().result_of(again).value, -EFAULT);
}

TEST_P(SendsOfPages, to_a_peer_that_is_gone_fail) {
  Pair pair;
  const Mapped mapped(lab::pattern(65'536));
  const int fd = pair.ours.get();
  pair.theirs.reset();
  for (const std::string_view front : {"", "front"}) {
    const auto ask = [&](Io& io) { return io.send_pages(fd, front, mapped.bytes(), 0); };
    EXPECT_EQ(lab().result_of(ask).fault(), Fault::peer_gone);
  }
}

TEST_P(SendsOfPages, that_wait_fail_when_the_peer_goes) {
  Pair pair;
  const Mapped mapped(lab::pattern(4 * mebibyte));
  Io io(lab().scope);
  Result sent;
  const auto ask = [&](Io& i) { return i.send_pages(pair.ours.get(), "", mapped.bytes(), 0); };
  lab().scope.spawn(lab::await_one(lab(), io, ask, sent));
  lab().loop.iterate(0);
  pair.theirs.reset();
  lab().run();
  EXPECT_GT(sent.count(), 0U) << "the bytes that were sent before";
  EXPECT_LT(sent.count(), mapped.bytes().size());
}

TEST_P(SendsOfPages, end_at_the_deadline_with_the_bytes_that_were_sent) {
  Pair pair;
  Io io(lab().scope);
  const Mapped mapped(lab::pattern(4 * mebibyte));
  io.set_deadline(20);
  const auto ask = [&](Io& i) { return i.send_pages(pair.ours.get(), "front", mapped.bytes(), 0); };
  const Result sent = lab().result_of(io, ask);
  EXPECT_TRUE(io.timed_out());
  EXPECT_GT(sent.count(), 0U);
  EXPECT_LT(sent.count(), mapped.bytes().size());
  const std::string arrived = lab::read_what_is_there(pair.theirs.get());
  EXPECT_TRUE(arrived == ("front" + std::string(mapped.bytes())).substr(0, sent.count()));
  EXPECT_EQ(lab().result_of(io, ask).value, -ECANCELED) << "and at once from then on";
}

TEST_P(SendsOfPages, that_could_send_nothing_are_cancelled) {
  Pair pair;
  const int fd = pair.ours.get();
  const Mapped mapped(lab::pattern(65'536));
  const std::string filler(65'536, 'x');
  while (::send(fd, filler.data(), filler.size(), MSG_DONTWAIT) > 0) continue;
  Io io(lab().scope);
  Result sent{.value = 1};
  const auto ask = [&](Io& i) { return i.send_pages(fd, "", mapped.bytes(), 0); };
  lab().scope.spawn(lab::await_one(lab(), io, ask, sent));
  lab().loop.iterate(0);
  EXPECT_EQ(sent.value, 1) << "it waits";
  io.stop();
  lab().run();
  EXPECT_EQ(sent.value, -ECANCELED);
}

// Whether the peer's read or stop() comes first, the count is that of the bytes that arrive.
TEST_P(SendsOfPages, race_with_a_stop_and_count_every_byte) {
  const Mapped mapped(lab::pattern(mebibyte));
  for (int i = 0; i < 100; ++i) {
    Pair pair;
    Io io(lab().scope);
    Result sent;
    const auto ask = [&](Io& it) { return it.send_pages(pair.ours.get(), "", mapped.bytes(), 0); };
    lab().scope.spawn(lab::await_one(lab(), io, ask, sent));
    if (i % 3 != 0) lab().loop.iterate(0);
    if (i % 2 == 0) io.stop();
    std::string received = lab::read_what_is_there(pair.theirs.get());
    if (i % 2 == 1) io.stop();
    lab().run();
    received += lab::read_what_is_there(pair.theirs.get());
    EXPECT_EQ(received.size(), sent.count());
    EXPECT_TRUE(received == mapped.bytes().substr(0, received.size()));
    pair.close_ours(engine());
  }
}

}  // namespace
}  // namespace uring
