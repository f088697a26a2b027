// BufferPool: numbers without gaps, memory without overlap, and a limit.
#include "uring/buffer_pool.h"

#include <cstring>

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(BufferPools, StartWithoutMemory) {
  const BufferPool pool;
  EXPECT_EQ(pool.size(), 0U);
}

TEST(BufferPools, NumberTheirBuffersWithoutGaps) {
  BufferPool pool;
  EXPECT_EQ(pool.grow(), 0U);
  EXPECT_EQ(pool.size(), BufferPool::slab_buffers);
  EXPECT_EQ(pool.grow(), BufferPool::slab_buffers);
  EXPECT_EQ(pool.size(), 2 * BufferPool::slab_buffers);
}

TEST(BufferPools, KeepBuffersApart) {
  BufferPool pool;
  pool.grow();
  pool.grow();
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const std::span<char> bytes = pool.at(static_cast<std::uint16_t>(i));
    ASSERT_EQ(bytes.size(), BufferPool::buffer_bytes);
    std::memset(bytes.data(), static_cast<int>(i % 251), bytes.size());
  }
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const std::span<char> bytes = pool.at(static_cast<std::uint16_t>(i));
    EXPECT_EQ(bytes.front(), static_cast<char>(i % 251));
    EXPECT_EQ(bytes.back(), static_cast<char>(i % 251));
  }
}

TEST(BufferPools, DoNotMoveBuffersWhenTheyGrow) {
  BufferPool pool;
  pool.grow();
  const char* first = pool.at(0).data();
  while (pool.grow() != BufferPool::most_buffers) EXPECT_EQ(pool.at(0).data(), first);
}

TEST(BufferPools, GrowUpToTheirLimit) {
  BufferPool pool;
  while (pool.grow() != BufferPool::most_buffers) ASSERT_LE(pool.size(), BufferPool::most_buffers);
  EXPECT_EQ(pool.size(), BufferPool::most_buffers);
  EXPECT_EQ(pool.grow(), BufferPool::most_buffers);
  EXPECT_EQ(pool.size(), BufferPool::most_buffers);
}

}  // namespace
}  // namespace uring
