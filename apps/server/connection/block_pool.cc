// Allocating and freeing blocks. Covered by tests/server/connection/block_pool_test.cc.
#include "apps/server/connection/block_pool.h"

#include <utility>

namespace server {

// Not initialised: the kernel provides only the pages that a request writes to.
char* BlockPool::make(std::size_t bytes) {
  if (bytes == large_bytes) ++made_large_;
  return new char[bytes];
}

BlockPool::~BlockPool() {
  for (Free* list : {free_large_, free_small_}) {
    while (list) delete[] reinterpret_cast<char*>(std::exchange(list, list->next));
  }
}

}  // namespace server
