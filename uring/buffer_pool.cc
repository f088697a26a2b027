// Slabs for BufferPool. Covered by tests/uring/buffer_pool_test.cc.
#include "uring/buffer_pool.h"

#include <cstdint>
#include <new>
#include <sys/mman.h>

namespace uring {

std::size_t BufferPool::grow() {
  const std::size_t first = size();
  if (first + slab_buffers > most_buffers) return most_buffers;
  try {
    list_entries_.resize(first + slab_buffers);
    // Default-initialised: pages are not touched until a buffer is used.
    slabs_.emplace_back(std::unique_ptr<char[]>(new char[slab_buffers * buffer_bytes]));
  } catch (const std::bad_alloc&) {
    return most_buffers;
  }
  return first;
}

// Only whole pages: the ends of a slab may share a page with other memory.
std::size_t BufferPool::discard() {
  constexpr std::uintptr_t page = 4096;
  constexpr std::size_t slab_bytes = slab_buffers * buffer_bytes;
  for (std::size_t i = 1; i < slabs_.size(); ++i) {
    const auto begin = reinterpret_cast<std::uintptr_t>(slabs_[i].get());
    const std::uintptr_t first = (begin + page - 1) & ~(page - 1);
    const std::uintptr_t last = (begin + slab_bytes) & ~(page - 1);
    ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
  return slabs_.size() > 1 ? (slabs_.size() - 1) * slab_bytes : 0;
}

}  // namespace uring
