// FramePool: memory for coroutine frames, kept for the next one.
//
// Frames come in few sizes and live short; a pool of free lists by size makes a new connection
// cost no call to the allocator after the first of its kind. Small ones are cut from slabs, so that
// an idle connection costs its own bytes and little more. One pool for one loop, not shared between
// threads. A coroutine finds its pool through its first parameter (see task.h).
// Covered by tests/uring/task_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

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
  // Bytes that small frames were cut from, the free ones' included.
  std::size_t bytes() const { return slabs_.size() * slab_bytes - (slab_bytes - cut_bytes_); }

 private:
  struct Block;
  static constexpr std::size_t step = 16;     // size classes: 16, 32, ... bytes
  static constexpr std::size_t classes = 64;  // larger frames go to the allocator
  static constexpr std::size_t slab_bytes = 64 * 1024;

  void* cut(std::size_t bytes);

  std::array<Block*, classes> free_{};
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::size_t cut_bytes_ = slab_bytes;  // of the last slab
  std::size_t live_ = 0;
};

}  // namespace uring
