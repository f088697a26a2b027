// BlockPool: the large buffers that responses leave from and uploads arrive in.
//
// A request at work has one block; an idle connection has none. The first blocks are large, because
// a body moves fastest in large pieces; when all of them are lent, further ones are small, so that
// many slow peers cost little memory and nobody ever waits for a block. The block last given back
// is lent first: it is warm in the cache.
// Covered by tests/server/connection/block_pool_test.cc.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace server {

class BlockPool {
 public:
  static constexpr std::size_t large_bytes = 256 * 1024;
  static constexpr std::size_t small_bytes = 16 * 1024;
  static constexpr std::size_t large_blocks = 64;  // 16 MiB at most for one thread

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();  // of the blocks that are not lent

  // Lends a block; give it back with release().
  std::span<char> lend() {
    ++lent_;
    if (free_large_) return {take(free_large_), large_bytes};
    if (made_large_ < large_blocks) return {make(large_bytes), large_bytes};
    return {free_small_ ? take(free_small_) : make(small_bytes), small_bytes};
  }

  void release(std::span<char> block) {
    --lent_;
    Free*& free = block.size() == large_bytes ? free_large_ : free_small_;
    free = new (block.data()) Free{free};
  }

  std::size_t lent() const { return lent_; }

 private:
  // While a block is free, this stands at its beginning.
  struct Free {
    Free* next;
  };

  static char* take(Free*& list) {
    return reinterpret_cast<char*>(std::exchange(list, list->next));
  }
  char* make(std::size_t bytes);

  Free* free_large_ = nullptr;
  Free* free_small_ = nullptr;
  std::size_t made_large_ = 0;
  std::size_t lent_ = 0;
};

}  // namespace server
