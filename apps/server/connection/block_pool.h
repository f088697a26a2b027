// BlockPool: the buffers that responses are gathered in and uploads are received into.
//
// An exchange has one block; an idle connection has none. The first blocks are large, because a
// body moves fastest in large pieces. When all large blocks are lent, further ones are small, so
// that many slow clients cost little memory and no request waits for a block. The pool lends the
// block that was released last, since it is most likely in the processor's cache. One for each
// worker, used by its thread alone. Covered by tests/server/connection/block_pool_test.cc.
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
  ~BlockPool();  // frees the blocks that are not lent; the caller has released the others

  // Lends a block, which the caller gives back with release(). Throws std::bad_alloc if memory is
  // exhausted.
  std::span<char> lend() {
    if (!free_large_) return lend_other();
    ++lent_;
    return {take(free_large_), large_bytes};
  }

  void release(std::span<char> block) {
    --lent_;
    Free*& free = block.size() == large_bytes ? free_large_ : free_small_;
    free = new (block.data()) Free{free};
  }

  std::size_t lent() const { return lent_; }
  // Bytes of all blocks, lent and free.
  std::size_t bytes() const { return made_large_ * large_bytes + made_small_ * small_bytes; }

  // Frees the blocks beyond those that a few clients need, unless most of the large blocks are
  // lent. Returns the number of bytes. At most kept_blocks large blocks are free afterwards.
  std::size_t trim();
  static constexpr std::size_t kept_blocks = 8;

 private:
  // The first bytes of a free block: the link of a list.
  struct Free {
    Free* next;
  };

  static char* take(Free*& list) {
    return reinterpret_cast<char*>(std::exchange(list, list->next));
  }
  std::span<char> lend_other();
  char* make(std::size_t bytes);

  Free* free_large_ = nullptr;
  Free* free_small_ = nullptr;
  std::size_t made_large_ = 0;
  std::size_t made_small_ = 0;
  std::size_t lent_ = 0;
};

}  // namespace server
