// BufferPool: the memory behind provided buffers, numbered, growing when asked.
//
// A connection that waits for its peer holds no buffer; one that works on a request holds exactly
// one. So the pool starts small and grows to at most one buffer for each connection at work: slow
// peers can make it large but never make another connection wait. Memory comes in slabs straight
// from the kernel and is touched only when used; it is given back when the pool ends.
// Covered by tests/uring/buffer_test.cc.
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
  static constexpr std::size_t most_buffers =
      8192;  // 64 MiB; beyond it receivers use their own memory

  // Adds a slab. Returns the first new number, or most_buffers where there is no room or memory.
  std::size_t grow();

  std::size_t size() const { return slabs_.size() * slab_buffers; }

  // What whoever has a buffer notes of it while it waits in a list.
  struct ListEntry {
    std::uint16_t next = no_buffer;  // behind it in the list
    std::uint16_t bytes = 0;         // received
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
