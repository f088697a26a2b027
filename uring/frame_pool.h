// FramePool: an allocator for coroutine frames that reuses their memory.
//
// Frames have few sizes and short lives. A free list for each size makes a connection cost no call
// of the allocator, except for the first of its kind. Small frames are cut from slabs, so that an
// idle connection costs its own bytes and little more. A pool belongs to one loop and one thread. A
// coroutine finds its pool through its first parameter (uring/task.h). Covered by
// tests/uring/frame_pool_test.cc.
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

  // Returns memory for a frame of `bytes`, aligned for every type. Aborts if memory is exhausted.
  void* allocate(std::size_t bytes);

  // Returns a frame to the pool that allocated it.
  static void release(void* frame);

  std::size_t live() const { return live_; }
  // Bytes of all small frames, including free ones.
  std::size_t bytes() const { return slabs_.size() * slab_bytes - (slab_bytes - cut_bytes_); }

 private:
  struct Block;
  static constexpr std::size_t step = 16;     // size classes: 16, 32, ... bytes
  static constexpr std::size_t classes = 64;  // larger frames come from malloc()
  static constexpr std::size_t slab_bytes = 64 * 1024;

  void* cut(std::size_t bytes);

  std::array<Block*, classes> free_{};
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::size_t cut_bytes_ = slab_bytes;  // bytes of the last slab that are used
  std::size_t live_ = 0;
};

}  // namespace uring
