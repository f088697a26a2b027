// Free lists by size class, and a stack. A header in front of each frame has the address of its
// owner. Covered by tests/uring/frame_pool_test.cc.
#include "uring/frame_pool.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <new>

namespace uring {

namespace {

// The size class of a frame in a FrameStack.
constexpr std::uint32_t on_stack = UINT32_MAX;

}  // namespace

// The header in front of a frame. Its alignment makes its size a multiple of the strictest
// alignment, so that the frame behind it is aligned as well.
struct alignas(std::max_align_t) FramePool::Block {
  void* owner;  // a FramePool, or a FrameStack where `size_class` is on_stack
  std::uint32_t size_class;

  // The next free block of a pool; stored in the frame while that is free.
  Block*& next() { return *reinterpret_cast<Block**>(this + 1); }
};

void FramePool::reserve(std::size_t bytes) {
  assert(bytes <= slab_bytes);
  if (slab_bytes - cut_bytes_ >= bytes) return;
  // Not initialised, so pages are touched only when they are used.
  slabs_.emplace_back(std::unique_ptr<std::byte[]>(new std::byte[slab_bytes]));
  cut_bytes_ = 0;
}

void* FramePool::cut(std::size_t bytes) {
  reserve(bytes);
  void* const memory = slabs_.back().get() + cut_bytes_;
  cut_bytes_ += bytes;
  return memory;
}

void* FramePool::allocate(std::size_t bytes) {
  const std::size_t size_class = (bytes + step - 1) / step;
  const bool is_small = size_class < classes;
  if (is_small && free_[size_class]) {
    Block* block = free_[size_class];
    free_[size_class] = block->next();
    ++live_;
    return block + 1;
  }
  const std::size_t all = sizeof(Block) + size_class * step;
  void* memory = is_small ? cut(all) : ::operator new(all);
  ++live_;
  return new (memory) Block{this, static_cast<std::uint32_t>(size_class)} + 1;
}

void FramePool::release(void* frame) {
  Block* block = static_cast<Block*>(frame) - 1;
  if (block->size_class == on_stack) return static_cast<FrameStack*>(block->owner)->release(*block);
  FramePool& pool = *static_cast<FramePool*>(block->owner);
  --pool.live_;
  if (block->size_class >= classes) {
    ::operator delete(block);
    return;
  }
  block->next() = pool.free_[block->size_class];
  pool.free_[block->size_class] = block;
}

FramePool::~FramePool() { assert(live_ == 0); }

void* FrameStack::allocate(std::size_t bytes) {
  constexpr std::size_t alignment = alignof(std::max_align_t);
  const std::size_t all =
      sizeof(FramePool::Block) + (bytes + alignment - 1) / alignment * alignment;
  if (capacity - used_ < all) return nullptr;
  void* const memory = memory_.data() + used_;
  used_ += all;
  most_used_ = std::max(most_used_, used_);
  return new (memory) FramePool::Block{this, on_stack} + 1;
}

void FrameStack::release(FramePool::Block& block) {
  const auto begin =
      static_cast<std::size_t>(reinterpret_cast<std::byte*>(&block) - memory_.data());
  assert(begin < used_);  // this frame is the last one
  used_ = begin;
}

FrameStack::~FrameStack() { assert(used_ == 0); }

}  // namespace uring
