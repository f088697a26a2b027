// FramePool and FrameStack: memory for coroutine frames.
//
// Frames have few sizes and short lives. FramePool has a free list for each size, so that a
// connection costs no call of the allocator, except for the first of its kind. Small frames are cut
// from slabs, so that an idle connection costs its own bytes and little more. A pool belongs to one
// loop and one thread.
//
// FrameStack is a piece of memory of fixed size for one flow of control, whose coroutines end in
// the reverse order of their calls. With a stack that is large enough, calling a coroutine cannot
// fail, so only getting the stack has to be checked for a lack of memory.
//
// A coroutine finds its memory through its first parameter (uring/task.h). Covered by
// tests/uring/frame_pool_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace uring {

class FramePool {
 public:
  // The most that reserve() ensures.
  static constexpr std::size_t slab_bytes = 64 * 1024;

  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool();  // every frame must have been released

  // Returns memory for a frame of `bytes`, aligned for every type. Throws std::bad_alloc if memory
  // is exhausted; the pool is then unchanged.
  void* allocate(std::size_t bytes);

  // Ensures that the next small frames, `bytes` in all, can be allocated; at most 64 KiB. Calling
  // it again adds no memory unless frames were allocated meanwhile. Throws std::bad_alloc.
  void reserve(std::size_t bytes = slab_bytes);

  // Returns a frame to the pool or the stack that allocated it.
  static void release(void* frame);

  std::size_t live() const { return live_; }
  // Bytes of all small frames, including free ones.
  std::size_t bytes() const { return slabs_.size() * slab_bytes - (slab_bytes - cut_bytes_); }

 private:
  friend class FrameStack;
  struct Block;
  static constexpr std::size_t step = 16;     // size classes: 16, 32, ... bytes
  static constexpr std::size_t classes = 64;  // larger frames come from operator new

  void* cut(std::size_t bytes);

  std::array<Block*, classes> free_{};
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::size_t cut_bytes_ = slab_bytes;  // bytes of the last slab that are used
  std::size_t live_ = 0;
};

class FrameStack {
 public:
  FrameStack() = default;
  FrameStack(const FrameStack&) = delete;
  FrameStack& operator=(const FrameStack&) = delete;
  ~FrameStack();  // every frame must have been released

  // Returns memory for a frame of `bytes`, aligned for every type; null if the stack is full. The
  // caller releases it, before all frames that were allocated earlier, by FramePool::release().
  void* allocate(std::size_t bytes);

  bool empty() const { return used_ == 0; }
  // The most bytes that were in use at one time.
  std::size_t most_used() const { return most_used_; }

  // Four times what the deepest calls of the server use in the release build: without optimisation
  // frames are larger. tests/server/memory_test.cc fails if it is too little.
  static constexpr std::size_t capacity = 8192;

 private:
  friend class FramePool;
  void release(FramePool::Block& block);

  // Not initialised: its pages are touched only when they are used.
  alignas(std::max_align_t) std::array<std::byte, capacity> memory_;
  std::size_t used_ = 0;
  std::size_t most_used_ = 0;
};

// The memory for the frames of one flow of control: its stack, where it has one, and otherwise, or
// when the stack is full, the pool of its loop.
struct Frames {
  FramePool& pool;
  FrameStack* stack = nullptr;

  // Throws std::bad_alloc if the pool is needed and memory is exhausted.
  void* allocate(std::size_t bytes) const {
    void* const frame = stack ? stack->allocate(bytes) : nullptr;
    return frame ? frame : pool.allocate(bytes);
  }
};

}  // namespace uring
