// Fd: it closes its descriptor once, unless it was released.
#include "uring/fd.h"

#include <fcntl.h>
#include <utility>

#include <gtest/gtest.h>

namespace uring {
namespace {

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

TEST(Fds, ReleaseWhatTheyHold) {
  Fd fd(::dup(STDERR_FILENO));
  const int number = fd.release();
  EXPECT_FALSE(fd.valid());
  fd.reset();
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

}  // namespace
}  // namespace uring
