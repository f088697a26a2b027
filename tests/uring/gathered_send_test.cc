// Sends by plain calls: their size, and the rest after a short send.
#include "uring/gathered_send.h"

#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

Operation send_of(int fd, std::string_view bytes) {
  Operation operation(OpCode::send);
  operation.fd = fd;
  operation.address = bytes.data();
  operation.length = static_cast<std::uint32_t>(bytes.size());
  return operation;
}

// A message of the pieces of `texts`, which outlive it.
struct Message {
  explicit Message(std::vector<std::string>& texts) {
    for (std::string& text : texts) pieces.push_back({text.data(), text.size()});
    header.msg_iov = pieces.data();
    header.msg_iovlen = pieces.size();
  }
  Operation send_to(int fd) const {
    Operation operation(OpCode::send_gather);
    operation.fd = fd;
    operation.address = &header;
    return operation;
  }

  std::vector<iovec> pieces;
  msghdr header{};
};

TEST(PlainSends, KnowTheirSize) {
  EXPECT_EQ(bytes_to_send(send_of(-1, "")), 0U);
  EXPECT_EQ(bytes_to_send(send_of(-1, "12345")), 5U);
  std::vector<std::string> texts{"a", "", "bcd"};
  EXPECT_EQ(bytes_to_send(Message(texts).send_to(-1)), 4U);
  Operation pages = send_of(-1, "12345");
  pages.code = OpCode::send_pages;
  pages.front_length = 3;
  EXPECT_EQ(bytes_to_send(pages), 8U);
}

TEST(PlainSends, ContinueBehindTheBytesThatWereSent) {
  const lab::Pair pair;
  std::vector<std::string> texts{"ab", "", "cde", "f"};
  const Message message(texts);
  for (std::size_t sent = 0; sent < 6; ++sent) {
    EXPECT_EQ(send_rest(message.send_to(pair.ours.get()), sent), static_cast<ssize_t>(6 - sent));
    EXPECT_EQ(lab::read_what_is_there(pair.theirs.get()), std::string("abcdef").substr(sent));
    EXPECT_EQ(send_rest(send_of(pair.ours.get(), "abcdef"), sent), static_cast<ssize_t>(6 - sent));
    EXPECT_EQ(lab::read_what_is_there(pair.theirs.get()), std::string("abcdef").substr(sent));
  }
  EXPECT_EQ(message.pieces[0].iov_len, 2U) << "the message is unchanged";
}

TEST(PlainSends, SendManyPiecesInSeveralCalls) {
  const lab::Pair pair;
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 50; ++i) {
    texts.push_back(std::to_string(i));
    all += texts.back();
  }
  const Message message(texts);
  std::size_t sent = 0;
  int calls = 0;
  for (; sent < all.size(); ++calls) {
    const ssize_t count = send_rest(message.send_to(pair.ours.get()), sent);
    ASSERT_GT(count, 0);
    sent += static_cast<std::size_t>(count);
  }
  EXPECT_GT(calls, 1);
  EXPECT_EQ(lab::read_what_is_there(pair.theirs.get()), all);
}

TEST(PlainSends, DoNotWaitAndRaiseNoSignal) {
  lab::Pair pair;
  const std::string bytes = lab::pattern(1 << 20);
  while (send_rest(send_of(pair.ours.get(), bytes), 0) > 0) continue;
  EXPECT_EQ(errno, EAGAIN);
  pair.theirs.reset();
  EXPECT_LT(send_rest(send_of(pair.ours.get(), bytes), 0), 0);
  EXPECT_EQ(errno, EPIPE);
}

}  // namespace
}  // namespace uring
