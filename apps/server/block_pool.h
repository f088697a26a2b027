// BlockPool: the large buffers that responses leave from and uploads arrive in.
//
// A request at work has one block; an idle connection has none. The first blocks are large, because
// a body moves fastest in large pieces; when all of them are lent, further ones are small, so that
// many slow peers cost little memory and nobody ever waits for a block.
// Covered by tests/server/block_pool_test.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace server {

class BlockPool {
 public:
  static constexpr std::size_t large_bytes = 256 * 1024;
  static constexpr std::size_t small_bytes = 16 * 1024;
  static constexpr std::size_t large_blocks = 64;  // 16 MiB at most for one thread

  // Lends a block; give it back with release().
  std::span<char> lend();
  void release(std::span<char> block);

  std::size_t lent() const { return lent_; }

 private:
  using Block = std::unique_ptr<char[]>;

  std::vector<Block> free_large_;
  std::vector<Block> free_small_;
  std::size_t made_large_ = 0;
  std::size_t lent_ = 0;
};

}  // namespace server
