// FramePool: memory for coroutine frames, kept for the next one.
//
// Frames come in few sizes and live short; a pool of free lists by size makes a new connection
// cost no call to the allocator after the first of its kind. One pool for one loop, not shared
// between threads. A coroutine finds its pool through its first parameter (see task.h).
// Covered by tests/uring/task_test.cc.
#pragma once

#include <array>
#include <cstddef>

namespace uring {

class FramePool {
 public:
  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool();  // every frame must have been released

  // Memory for a frame of `bytes`, aligned for anything; ends the process when there is none.
  void* allocate(std::size_t bytes);

  // Takes a frame back, to the pool it came from.
  static void release(void* frame);

  std::size_t live() const { return live_; }

 private:
  struct Block;
  static constexpr std::size_t step = 64;     // size classes: 64, 128, ... bytes
  static constexpr std::size_t classes = 32;  // larger frames go to the allocator
  std::array<Block*, classes> free_{};
  std::size_t live_ = 0;
};

}  // namespace uring
