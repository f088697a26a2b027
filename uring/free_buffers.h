// FreeBuffers: a BufferPool and the list of its free buffers, for engines that choose the buffer of
// a receive themselves (the kernel does it for Ring). Covered by tests/uring/free_buffers_test.cc.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "uring/buffer_pool.h"

namespace uring {

class FreeBuffers {
 public:
  BufferPool& pool() { return pool_; }
  const BufferPool& pool() const { return pool_; }

  bool empty() const { return free_.empty(); }
  std::size_t in_use() const { return pool_.size() - free_.size(); }

  // Adds a slab of the pool. False: the limit is reached or memory is exhausted.
  bool grow();

  // Takes the buffer that was returned last, whose memory is most likely in the CPU's cache; grows
  // if none is free. Empty: the pool cannot grow.
  std::optional<std::uint16_t> take() {
    if (free_.empty() && !grow()) return std::nullopt;
    const std::uint16_t id = free_.back();
    free_.pop_back();
    return id;
  }

  void give_back(std::uint16_t id) {
    assert(free_.size() < pool_.size());
    free_.push_back(id);  // grow() has reserved memory for all
  }

 private:
  BufferPool pool_;
  std::vector<std::uint16_t> free_;
};

}  // namespace uring
