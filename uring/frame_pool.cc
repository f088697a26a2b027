// Free lists by size class. A header in front of each frame has the address of its pool. Covered by
// tests/uring/frame_pool_test.cc.
#include "uring/frame_pool.h"

#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace uring {

// The header in front of a frame. Its alignment makes its size a multiple of the strictest
// alignment, so that the frame behind it is aligned as well.
struct alignas(std::max_align_t) FramePool::Block {
  FramePool* pool;
  std::uint32_t size_class;

  // The next free block; stored in the frame while that is free.
  Block*& next() { return *reinterpret_cast<Block**>(this + 1); }
};

void* FramePool::cut(std::size_t bytes) {
  if (slab_bytes - cut_bytes_ < bytes) {
    // Not initialised, so pages are touched only when they are used.
    slabs_.emplace_back(new std::byte[slab_bytes]);
    cut_bytes_ = 0;
  }
  void* const memory = slabs_.back().get() + cut_bytes_;
  cut_bytes_ += bytes;
  return memory;
}

void* FramePool::allocate(std::size_t bytes) {
  const std::size_t size_class = (bytes + step - 1) / step;
  ++live_;
  const bool is_small = size_class < classes;
  if (is_small && free_[size_class]) {
    Block* block = free_[size_class];
    free_[size_class] = block->next();
    return block + 1;
  }
  const std::size_t all = sizeof(Block) + size_class * step;
  void* memory = is_small ? cut(all) : std::malloc(all);
  if (!memory) std::abort();
  return new (memory) Block{this, static_cast<std::uint32_t>(size_class)} + 1;
}

void FramePool::release(void* frame) {
  Block* block = static_cast<Block*>(frame) - 1;
  FramePool& pool = *block->pool;
  --pool.live_;
  if (block->size_class >= classes) {
    std::free(block);
    return;
  }
  block->next() = pool.free_[block->size_class];
  pool.free_[block->size_class] = block;
}

FramePool::~FramePool() { assert(live_ == 0); }

}  // namespace uring
