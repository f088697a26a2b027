// Allocating and freeing blocks. Covered by tests/server/connection/block_pool_test.cc.
#include "apps/server/connection/block_pool.h"

#include <new>
#include <utility>

namespace server {

// Not initialised: the kernel provides only the pages that a request writes to.
char* BlockPool::make(std::size_t bytes) {
  char* const block = new char[bytes];
  ++(bytes == large_bytes ? made_large_ : made_small_);
  return block;
}

std::size_t BlockPool::trim() {
  if (lent_ > large_blocks / 2) return 0;
  const std::size_t before = bytes();
  for (; free_small_; --made_small_) delete[] take(free_small_);
  std::size_t kept = 0;
  Free** end = &free_large_;  // the blocks that were released last stay
  for (; *end && kept < kept_blocks; ++kept) end = &(*end)->next;
  Free* rest = std::exchange(*end, nullptr);
  for (; rest; --made_large_) delete[] take(rest);
  return before - bytes();
}

// Lends a block when no large one is free. Where memory is short, a small block may still fit.
std::span<char> BlockPool::lend_other() {
  std::span<char> block;
  try {
    if (made_large_ < large_blocks) block = {make(large_bytes), large_bytes};
  } catch (const std::bad_alloc&) {
    block = {};
  }
  if (block.empty()) block = {free_small_ ? take(free_small_) : make(small_bytes), small_bytes};
  ++lent_;
  return block;
}

BlockPool::~BlockPool() {
  for (Free* list : {free_large_, free_small_}) {
    while (list) delete[] reinterpret_cast<char*>(std::exchange(list, list->next));
  }
}

}  // namespace server
