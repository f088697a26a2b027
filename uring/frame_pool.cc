// Free lists by size class; each frame carries the address of its pool before it.
// Covered by tests/uring/task_test.cc.
#include "uring/frame_pool.h"

#include <cassert>
#include <cstdlib>
#include <new>

namespace uring {

// Stands before the frame; as large as the strictest alignment so that the frame keeps it.
struct alignas(std::max_align_t) FramePool::Block {
  FramePool* pool;
  std::size_t size_class;
  Block* next;
};

void* FramePool::allocate(std::size_t bytes) {
  const std::size_t size_class = (bytes + step - 1) / step;
  ++live_;
  if (size_class < classes && free_[size_class]) {
    Block* block = free_[size_class];
    free_[size_class] = block->next;
    return block + 1;
  }
  void* memory = std::malloc(sizeof(Block) + size_class * step);
  if (!memory) std::abort();
  return new (memory) Block{this, size_class, nullptr} + 1;
}

void FramePool::release(void* frame) {
  Block* block = static_cast<Block*>(frame) - 1;
  FramePool& pool = *block->pool;
  --pool.live_;
  if (block->size_class >= classes) {
    std::free(block);
    return;
  }
  block->next = pool.free_[block->size_class];
  pool.free_[block->size_class] = block;
}

FramePool::~FramePool() {
  assert(live_ == 0);
  for (Block* block : free_) {
    while (block) {
      Block* next = block->next;
      std::free(block);
      block = next;
    }
  }
}

}  // namespace uring
