// FramePool: memory is reused, aligned, and returned to the pool that it came from.
#include "uring/frame_pool.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(FramePools, ReuseTheMemoryOfReleasedFrames) {
  FramePool pool;
  void* const first = pool.allocate(130);
  void* const second = pool.allocate(130);
  EXPECT_NE(first, second);
  EXPECT_EQ(pool.live(), 2U);
  FramePool::release(first);
  EXPECT_EQ(pool.live(), 1U);
  EXPECT_EQ(pool.allocate(140), first) << "130 and 140 bytes share a size class";
  FramePool::release(first);
  FramePool::release(second);
  EXPECT_EQ(pool.live(), 0U);
}

TEST(FramePools, ReserveMemoryOnceForFramesThatAreNotAllocated) {
  FramePool pool;
  void* const frame = pool.allocate(100);
  const std::size_t before = pool.bytes();
  for (int i = 0; i < 100; ++i) pool.reserve(FramePool::slab_bytes / 2);
  EXPECT_EQ(pool.bytes(), before) << "there is memory left";
  pool.reserve();
  const std::size_t reserved = pool.bytes();
  for (int i = 0; i < 100; ++i) pool.reserve();
  EXPECT_EQ(pool.bytes(), reserved);
  FramePool::release(frame);
}

TEST(FramePools, ReuseMemoryOnlyForFramesOfItsSizeClass) {
  FramePool pool;
  void* const small = pool.allocate(64);
  FramePool::release(small);
  void* const large = pool.allocate(65);
  EXPECT_NE(small, large);
  FramePool::release(large);
}

TEST(FramePools, AlignFramesForEveryType) {
  FramePool pool;
  std::vector<void*> frames;
  for (std::size_t bytes = 1; bytes < 3000; bytes += 17) {
    frames.push_back(pool.allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frames.back()) % alignof(std::max_align_t), 0U);
    std::memset(frames.back(), 0xa5, bytes);
  }
  EXPECT_EQ(pool.live(), frames.size());
  for (void* frame : frames) FramePool::release(frame);
  EXPECT_EQ(pool.live(), 0U);
}

TEST(FramePools, AllocateFramesOfAnySize) {
  FramePool pool;
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t bytes : {2047U, 2048U, 2049U, 100'000U}) {
      void* const frame = pool.allocate(bytes);
      std::memset(frame, 0x5a, bytes);
      FramePool::release(frame);
    }
  }
  EXPECT_EQ(pool.live(), 0U);
}

TEST(FramePools, TakeAFrameBackOnlyIfTheyAllocatedIt) {
  FramePool first;
  FramePool second;
  void* const frame = first.allocate(100);
  EXPECT_EQ(second.live(), 0U);
  FramePool::release(frame);
  EXPECT_EQ(first.live(), 0U);
  EXPECT_EQ(first.allocate(100), frame);
  FramePool::release(frame);
}

TEST(FrameStacks, GiveTheSameMemoryAgainToFramesThatEndInReverseOrder) {
  FramePool pool;
  FrameStack stack;
  const Frames frames{.pool = pool, .stack = &stack};
  void* const first = frames.allocate(100);
  void* const second = frames.allocate(200);
  std::memset(first, 1, 100);
  std::memset(second, 2, 200);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second) % alignof(std::max_align_t), 0U);
  FramePool::release(second);
  EXPECT_EQ(frames.allocate(50), second);
  FramePool::release(second);
  FramePool::release(first);
  EXPECT_TRUE(stack.empty());
  EXPECT_GE(stack.most_used(), 300U);
  EXPECT_EQ(pool.live(), 0U);
}

TEST(FrameStacks, LeaveToThePoolWhatTheyHaveNoSpaceFor) {
  FramePool pool;
  FrameStack stack;
  const Frames frames{.pool = pool, .stack = &stack};
  void* const first = frames.allocate(FrameStack::capacity / 2);
  void* const second = frames.allocate(FrameStack::capacity / 2);
  EXPECT_EQ(pool.live(), 1U);
  FramePool::release(second);
  EXPECT_EQ(pool.live(), 0U);
  FramePool::release(first);
  EXPECT_TRUE(stack.empty());
}

}  // namespace
}  // namespace uring
