// Bytes from a socket to a file and back, which no memory of the process holds.
#include "uring/file_splice.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

// Two ends of a TCP connection over loopback.
struct Connection {
  Connection() {
    const Fd listener = lab::listener();
    const sockaddr_in address = lab::address_of(listener);
    ours.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(ours.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    theirs.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  Fd ours;
  Fd theirs;
};

// An empty file without a name, opened with those flags.
Fd empty_file(int flags = O_RDWR) {
  std::string name = ::testing::TempDir() + "quoit-splice-XXXXXX";
  Fd file(::mkostemp(name.data(), O_CLOEXEC));
  Fd opened(::open(name.c_str(), flags | O_CLOEXEC));
  ::unlink(name.c_str());
  return opened;
}

std::string content(const Fd& file) {
  std::string bytes(1 << 20, '\0');
  const ssize_t count = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

void wait_for_bytes(const Fd& socket, std::size_t count) {
  std::string bytes(count, '\0');
  EXPECT_EQ(::recv(socket.get(), bytes.data(), count, MSG_PEEK | MSG_WAITALL),
            static_cast<ssize_t>(count));
}

TEST(ReceivePipe, MovesWhatHasArrivedAndDoesNotWaitForMore) {
  const Connection connection;
  const Fd file = empty_file();
  ReceivePipe pipe;
  EXPECT_EQ(pipe.move(connection.ours.get(), file.get(), 0, 100), 0);
  const std::string bytes = lab::pattern(30'000);
  lab::write_at_once(connection.theirs.get(), bytes);
  wait_for_bytes(connection.ours, bytes.size());
  ASSERT_EQ(::pwrite(file.get(), "front", 5, 0), 5);
  EXPECT_EQ(pipe.move(connection.ours.get(), file.get(), 5, 10'000), 10'000) << "at most so many";
  EXPECT_EQ(pipe.move(connection.ours.get(), file.get(), 10'005, 1 << 20), 20'000);
  EXPECT_TRUE(content(file) == "front" + bytes);
  ::shutdown(connection.theirs.get(), SHUT_WR);
  EXPECT_EQ(pipe.move(connection.ours.get(), file.get(), 0, 100), 0) << "the end is no byte";
}

TEST(ReceivePipe, CopiesIntoAFileThatCannotBeSplicedInto) {
  const Connection connection;
  const Fd file = empty_file(O_RDWR | O_APPEND);
  ReceivePipe pipe;
  const std::string bytes = lab::pattern(30'000);
  lab::write_at_once(connection.theirs.get(), bytes);
  wait_for_bytes(connection.ours, bytes.size());
  EXPECT_EQ(pipe.move(connection.ours.get(), file.get(), 0, 1 << 20), 30'000);
  EXPECT_TRUE(content(file) == bytes);
  lab::write_at_once(connection.theirs.get(), "more");
  wait_for_bytes(connection.ours, 4);
  EXPECT_EQ(pipe.move(connection.ours.get(), file.get(), 0, 100), 0) << "left to a receive";
}

TEST(ReceivePipe, ReportsAFailureOfTheFileAndGoesOnWithAnother) {
  const Connection connection;
  const Fd unwritable = empty_file(O_RDONLY);
  const Fd file = empty_file();
  ReceivePipe pipe;
  lab::write_at_once(connection.theirs.get(), "lost");
  wait_for_bytes(connection.ours, 4);
  EXPECT_EQ(pipe.move(connection.ours.get(), unwritable.get(), 0, 100), -EBADF);
  lab::write_at_once(connection.theirs.get(), "kept");
  wait_for_bytes(connection.ours, 4);
  EXPECT_EQ(pipe.move(connection.ours.get(), file.get(), 0, 100), 4);
  EXPECT_EQ(content(file), "kept");
}

TEST(SendFromFile, SendsAsMuchAsTheSocketTakesAndDoesNotWait) {
  const Connection connection;
  const Fd file = empty_file();
  const std::string bytes = lab::pattern(16 << 20);
  ASSERT_EQ(::pwrite(file.get(), bytes.data(), bytes.size(), 0),
            static_cast<ssize_t>(bytes.size()));
  std::size_t sent = 0;
  std::string received;
  while (sent < bytes.size()) {
    const std::size_t count =
        send_from_file(connection.ours.get(), file.get(), sent, bytes.size() - sent);
    if (sent == 0) {
      EXPECT_LT(count, bytes.size()) << "nobody reads";
    }
    sent += count;
    received += lab::read_what_is_there(connection.theirs.get());
  }
  EXPECT_EQ(::fcntl(connection.ours.get(), F_GETFL) & O_NONBLOCK, 0) << "as before";
  while (received.size() < bytes.size()) {
    wait_for_bytes(connection.theirs, 1);
    received += lab::read_what_is_there(connection.theirs.get());
  }
  EXPECT_TRUE(received == bytes);
}

TEST(SendFromFile, SendsNothingBehindTheEndOfTheFile) {
  const Connection connection;
  const Fd file = empty_file();
  ASSERT_EQ(::pwrite(file.get(), "short", 5, 0), 5);
  EXPECT_EQ(send_from_file(connection.ours.get(), file.get(), 1, 100), 4U);
  EXPECT_EQ(send_from_file(connection.ours.get(), file.get(), 5, 100), 0U);
  EXPECT_EQ(send_from_file(-1, file.get(), 0, 100), 0U);
}

}  // namespace
}  // namespace uring
