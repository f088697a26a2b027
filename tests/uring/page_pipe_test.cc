// PagePipe: the bytes that reach the socket, and those that must never reach another one.
#include "uring/page_pipe.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "tests/uring/mapped.h"

namespace uring {
namespace {

using lab::Mapped;

class PagePipes : public ::testing::Test {
 protected:
  void SetUp() override { before_ = ::signal(SIGPIPE, SIG_IGN); }
  void TearDown() override { ::signal(SIGPIPE, before_); }

  // Two connected sockets, of which ours is non-blocking.
  static lab::Pair make_pair() {
    lab::Pair pair;
    ::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK);
    return pair;
  }

  static Operation send_of(int fd, std::string_view front, std::string_view pages) {
    Operation operation(OpCode::send_pages);
    operation.fd = fd;
    operation.second_address = front.data();
    operation.front_length = front.size();
    operation.address = pages.data();
    operation.length = static_cast<std::uint32_t>(pages.size());
    return operation;
  }

  PagePipe pipe_;

 private:
  void (*before_)(int) = nullptr;
};

TEST_F(PagePipes, send_the_bytes_in_front_and_the_pages) {
  const lab::Pair pair = make_pair();
  const Mapped mapped(lab::pattern(50'000));
  const Operation operation = send_of(pair.ours.get(), "front", mapped.bytes());
  const PagePipe::Sent sent = pipe_.send(operation, 0);
  EXPECT_EQ(sent.bytes, 5 + mapped.bytes().size());
  EXPECT_EQ(sent.error, 0);
  EXPECT_FALSE(pipe_.copies());
  EXPECT_TRUE(lab::read_what_is_there(pair.theirs.get()) == "front" + std::string(mapped.bytes()));
}

TEST_F(PagePipes, continue_behind_the_bytes_that_were_sent) {
  const lab::Pair pair = make_pair();
  const Mapped mapped(lab::pattern(40'000));
  const std::string all = "front" + std::string(mapped.bytes());
  const Operation operation = send_of(pair.ours.get(), "front", mapped.bytes());
  for (const std::size_t sent : {0U, 1U, 4U, 5U, 6U, 4101U, 30'000U, 40'004U}) {
    EXPECT_EQ(pipe_.send(operation, sent).bytes, all.size() - sent);
    EXPECT_TRUE(lab::read_what_is_there(pair.theirs.get()) == all.substr(sent)) << sent;
  }
}

// A socket that takes only some of the pages leaves the others in the pipe.
TEST_F(PagePipes, send_to_no_socket_the_bytes_that_another_one_did_not_take) {
  const lab::Pair slow = make_pair();
  const Mapped large(lab::pattern(8 << 20));
  const PagePipe::Sent first = pipe_.send(send_of(slow.ours.get(), "", large.bytes()), 0);
  EXPECT_EQ(first.error, EAGAIN);
  EXPECT_LT(first.bytes, large.bytes().size());
  const lab::Pair fast = make_pair();
  const Mapped other(std::string(40'000, 'x'));
  EXPECT_EQ(pipe_.send(send_of(fast.ours.get(), "f", other.bytes()), 0).bytes, 40'001U);
  EXPECT_TRUE(lab::read_what_is_there(fast.theirs.get()) == "f" + std::string(40'000, 'x'));
  std::string received = lab::read_what_is_there(slow.theirs.get());
  std::size_t sent = first.bytes;
  while (sent < large.bytes().size()) {
    sent += pipe_.send(send_of(slow.ours.get(), "", large.bytes()), sent).bytes;
    received += lab::read_what_is_there(slow.theirs.get());
  }
  EXPECT_TRUE(received == large.bytes());
}

TEST_F(PagePipes, report_a_peer_that_is_gone) {
  lab::Pair pair = make_pair();
  const Mapped mapped(lab::pattern(50'000));
  pair.theirs.reset();
  const PagePipe::Sent sent = pipe_.send(send_of(pair.ours.get(), "", mapped.bytes()), 0);
  EXPECT_EQ(sent.bytes, 0U);
  EXPECT_EQ(sent.error, EPIPE);
}

TEST_F(PagePipes, end_where_the_file_of_the_mapping_now_ends) {
  const lab::Pair pair = make_pair();
  const Mapped mapped(lab::pattern(65'536));
  mapped.truncate(8192);
  const PagePipe::Sent sent = pipe_.send(send_of(pair.ours.get(), "", mapped.bytes()), 0);
  EXPECT_EQ(sent.bytes, 8192U);
  EXPECT_EQ(sent.error, EFAULT);
  EXPECT_TRUE(lab::read_what_is_there(pair.theirs.get()) == lab::pattern(65'536).substr(0, 8192));
  EXPECT_FALSE(pipe_.copies());
}

TEST_F(PagePipes, copy_where_the_calls_are_refused) {
  const lab::Pair pair = make_pair();
  const Mapped mapped(lab::pattern(50'000));
  pipe_.copy_always();
  EXPECT_EQ(pipe_.send(send_of(pair.ours.get(), "front", mapped.bytes()), 0).bytes, 50'005U);
  EXPECT_TRUE(lab::read_what_is_there(pair.theirs.get()) == "front" + lab::pattern(50'000));
}

TEST_F(PagePipes, copy_while_no_descriptor_is_left) {
  const lab::Pair pair = make_pair();
  const Mapped mapped(lab::pattern(50'000));
  const Operation operation = send_of(pair.ours.get(), "", mapped.bytes());
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const PagePipe::Sent sent = pipe_.send(operation, 0);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(sent.bytes, 50'000U);
  EXPECT_FALSE(pipe_.copies()) << "the next call tries again";
  EXPECT_TRUE(lab::read_what_is_there(pair.theirs.get()) == lab::pattern(50'000));
}

}  // namespace
}  // namespace uring
