// Two free lists. The block last given back is lent first: it is warm in the cache.
// Covered by tests/server/block_pool_test.cc.
#include "apps/server/block_pool.h"

#include <utility>

namespace server {

std::span<char> BlockPool::lend() {
  ++lent_;
  const bool large = !free_large_.empty() || made_large_ < large_blocks;
  std::vector<Block>& free = large ? free_large_ : free_small_;
  const std::size_t bytes = large ? large_bytes : small_bytes;
  if (free.empty()) {
    if (large) ++made_large_;
    return {new char[bytes], bytes};  // pages are touched only as far as they are used
  }
  Block block = std::move(free.back());
  free.pop_back();
  return {block.release(), bytes};
}

void BlockPool::release(std::span<char> block) {
  --lent_;
  (block.size() == large_bytes ? free_large_ : free_small_).emplace_back(block.data());
}

}  // namespace server
