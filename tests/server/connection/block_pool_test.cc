// Large blocks are lent first, then small ones, and each is used again.
#include "apps/server/connection/block_pool.h"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Blocks, are_large_until_all_of_those_are_lent) {
  BlockPool pool;
  std::vector<std::span<char>> lent;
  std::set<char*> places;
  for (std::size_t i = 0; i < BlockPool::large_blocks + 3; ++i) {
    lent.push_back(pool.lend());
    std::fill(lent.back().begin(), lent.back().end(), 'x');
    EXPECT_EQ(lent.back().size(),
              i < BlockPool::large_blocks ? BlockPool::large_bytes : BlockPool::small_bytes);
    EXPECT_TRUE(places.insert(lent.back().data()).second);
  }
  EXPECT_EQ(pool.lent(), lent.size());
  // A large block that was released is lent before a new small one.
  pool.release(lent.front());
  lent.front() = pool.lend();
  EXPECT_EQ(lent.front().size(), BlockPool::large_bytes);
  EXPECT_TRUE(places.contains(lent.front().data()));
  // Small blocks are used again.
  pool.release(lent.back());
  lent.back() = pool.lend();
  EXPECT_EQ(lent.back().size(), BlockPool::small_bytes);
  EXPECT_TRUE(places.contains(lent.back().data()));
  for (const std::span<char> block : lent) pool.release(block);
  EXPECT_EQ(pool.lent(), 0U);
}

TEST(Blocks, that_were_released_last_are_lent_first) {
  BlockPool pool;
  const std::span<char> first = pool.lend();
  const std::span<char> second = pool.lend();
  pool.release(first);
  pool.release(second);
  EXPECT_EQ(pool.lend().data(), second.data());
  EXPECT_EQ(pool.lend().data(), first.data());
  pool.release(first);
  pool.release(second);
}

TEST(Blocks, of_a_burst_are_freed_once_most_are_back) {
  BlockPool pool;
  std::vector<std::span<char>> lent;
  for (std::size_t i = 0; i < 4 * BlockPool::large_blocks; ++i) lent.push_back(pool.lend());
  const std::size_t most = pool.bytes();
  EXPECT_EQ(pool.trim(), 0U);
  for (const std::span<char> block : lent) pool.release(block);
  const std::size_t kept = BlockPool::kept_blocks * BlockPool::large_bytes;
  EXPECT_EQ(pool.trim(), most - kept);
  EXPECT_EQ(pool.bytes(), kept);
  EXPECT_EQ(pool.trim(), 0U);
  // The blocks that were released last stay, and the pool grows again.
  EXPECT_EQ(pool.lend().data(), lent[BlockPool::large_blocks - 1].data());
  pool.release(lent[BlockPool::large_blocks - 1]);
  for (std::span<char>& block : lent) block = pool.lend();
  EXPECT_EQ(pool.bytes(), most);
  for (const std::span<char> block : lent) pool.release(block);
}

}  // namespace
}  // namespace server
