// BufferPool: the memory of provided buffers, which are numbered from 0. It grows on request.
//
// An idle connection holds no buffer, and a connection that works on a request holds one. So the
// pool starts small and grows to at most one buffer for each connection at work: slow peers can
// make it large, but never make another connection wait. Memory is allocated in slabs, whose pages
// are touched only when they are used, and freed with the pool. Covered by
// tests/uring/buffer_pool_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "uring/result.h"

namespace uring {

class BufferPool {
 public:
  static constexpr std::size_t buffer_bytes = 8192;  // holds a request head and 4 KiB of a body
  static constexpr std::size_t slab_buffers = 64;    // 512 KiB a slab
  // 64 MiB. Connections beyond it receive into memory of their own.
  static constexpr std::size_t most_buffers = 8192;

  // Adds a slab. Returns the first new number, or most_buffers if the limit is reached or memory is
  // exhausted.
  std::size_t grow();

  // Returns the pages of all slabs but the first to the system. The bytes of all buffers are lost;
  // the buffers stay valid. Returns the bytes of these slabs.
  std::size_t discard();

  std::size_t size() const { return slabs_.size() * slab_buffers; }

  // For the holder of a buffer, which can link received buffers to a list.
  struct ListEntry {
    std::uint16_t next = no_buffer;  // the next buffer of the list
    std::uint16_t bytes = 0;         // received into this buffer
  };
  ListEntry& list_entry(std::uint16_t id) { return list_entries_[id]; }

  std::span<char> at(std::uint16_t id) const {
    char* slab = slabs_[id / slab_buffers].get();
    return {slab + (id % slab_buffers) * buffer_bytes, buffer_bytes};
  }

 private:
  std::vector<std::unique_ptr<char[]>> slabs_;
  std::vector<ListEntry> list_entries_;  // by number
};

}  // namespace uring
