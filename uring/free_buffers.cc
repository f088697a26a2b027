// Growing the list together with the pool. Covered by tests/uring/free_buffers_test.cc.
#include "uring/free_buffers.h"

#include <new>

namespace uring {

bool FreeBuffers::grow() {
  try {
    free_.reserve(pool_.size() + BufferPool::slab_buffers);
  } catch (const std::bad_alloc&) {
    return false;
  }
  const std::size_t first = pool_.grow();
  if (first == BufferPool::most_buffers) return false;
  for (std::size_t i = BufferPool::slab_buffers; i-- > 0;) {
    free_.push_back(static_cast<std::uint16_t>(first + i));
  }
  return true;
}

}  // namespace uring
