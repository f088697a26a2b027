// Fifo: order, and memory that is reused.
#include "uring/fifo.h"

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(Fifos, PopItemsInTheOrderInWhichTheyWerePushed) {
  Fifo<int> fifo;
  EXPECT_TRUE(fifo.empty());
  int pushed = 0;
  int popped = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < round; ++i) fifo.push(pushed++);
    EXPECT_EQ(fifo.size(), static_cast<std::size_t>(pushed - popped));
    for (int i = 0; i < round - 1; ++i) ASSERT_EQ(fifo.pop(), popped++);
  }
  while (!fifo.empty()) ASSERT_EQ(fifo.pop(), popped++);
  EXPECT_EQ(popped, pushed);
}

TEST(Fifos, ThatAreNeverEmptyDoNotGrow) {
  Fifo<const int*> fifo;
  const int something = 0;
  fifo.push(&something);
  for (int i = 0; i < 1000; ++i) {
    fifo.push(&something);
    fifo.pop();
  }
  const std::size_t before = fifo.capacity();
  for (int i = 0; i < 100'000; ++i) {
    fifo.push(&something);
    fifo.pop();
  }
  EXPECT_EQ(fifo.capacity(), before);
}

TEST(Fifos, AreEmptyOnceCleared) {
  Fifo<int> fifo;
  fifo.push(1);
  fifo.push(2);
  EXPECT_EQ(fifo.pop(), 1);
  fifo.clear();
  EXPECT_TRUE(fifo.empty());
  fifo.push(3);
  EXPECT_EQ(fifo.pop(), 3);
}

TEST(Fifos, DoNotGrowWithinTheReservedCapacity) {
  Fifo<int> fifo;
  ASSERT_TRUE(fifo.reserve(100));
  const std::size_t before = fifo.capacity();
  EXPECT_GE(before, 100U);
  for (int i = 0; i < 100; ++i) fifo.push(i);
  EXPECT_EQ(fifo.capacity(), before);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(fifo.pop(), i);
}

}  // namespace
}  // namespace uring
