// Slabs for BufferPool. Covered by tests/uring/buffer_pool_test.cc.
#include "uring/buffer_pool.h"

#include <new>

namespace uring {

std::size_t BufferPool::grow() {
  const std::size_t first = size();
  if (first + slab_buffers > most_buffers) return most_buffers;
  // Default-initialised: pages are not touched until a buffer is used.
  std::unique_ptr<char[]> slab(new (std::nothrow) char[slab_buffers * buffer_bytes]);
  if (!slab) return most_buffers;
  slabs_.push_back(std::move(slab));
  list_entries_.resize(size());
  return first;
}

}  // namespace uring
