// FreeBuffers: each buffer is free or in use, and the list grows with its pool.
#include "uring/free_buffers.h"

#include <set>

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(FreeBufferLists, StartEmptyAndGrowWhenABufferIsTaken) {
  FreeBuffers buffers;
  EXPECT_TRUE(buffers.empty());
  EXPECT_EQ(buffers.in_use(), 0U);
  EXPECT_EQ(buffers.take(), 0U);
  EXPECT_EQ(buffers.pool().size(), BufferPool::slab_buffers);
  EXPECT_EQ(buffers.in_use(), 1U);
}

TEST(FreeBufferLists, GiveOutEachBufferOnceUpToTheLimitOfThePool) {
  FreeBuffers buffers;
  std::set<std::uint16_t> taken;
  while (const std::optional<std::uint16_t> id = buffers.take()) taken.insert(*id);
  EXPECT_EQ(taken.size(), BufferPool::most_buffers);
  EXPECT_EQ(buffers.in_use(), BufferPool::most_buffers);
  EXPECT_FALSE(buffers.grow());
  buffers.give_back(17);
  EXPECT_EQ(buffers.take(), 17U);
}

TEST(FreeBufferLists, ReuseTheLastReturnedBufferFirst) {
  FreeBuffers buffers;
  const std::optional<std::uint16_t> first = buffers.take();
  const std::optional<std::uint16_t> second = buffers.take();
  ASSERT_TRUE(first && second);
  buffers.give_back(*first);
  buffers.give_back(*second);
  EXPECT_EQ(buffers.take(), second);
  EXPECT_EQ(buffers.take(), first);
  EXPECT_EQ(buffers.pool().size(), BufferPool::slab_buffers);
}

}  // namespace
}  // namespace uring
