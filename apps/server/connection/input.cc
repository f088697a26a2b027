// Moving received bytes between buffers. Covered by tests/server/connection/input_test.cc.
#include "apps/server/connection/input.h"

#include <cassert>
#include <cstring>
#include <new>
#include <span>

namespace server {

namespace {

// Grows the own memory to the size that `limits` require. Copies the bytes of the old memory, and
// lets `data` point to the copy if it points into the old memory.
void ensure_memory(Input& in, const http1::Limits& limits) {
  const std::size_t wanted = input_memory_bytes(limits);
  if (in.memory_bytes >= wanted) return;
  std::unique_ptr<char[]> grown(new char[wanted]);
  const bool is_own = in.data != nullptr && in.buffer == uring::no_buffer;
  if (is_own) {
    const auto offset = static_cast<std::size_t>(in.data - in.memory.get());
    std::memcpy(grown.get(), in.memory.get(), in.memory_bytes);
    in.data = grown.get() + offset;
  }
  in.memory = std::move(grown);
  in.memory_bytes = wanted;
}

}  // namespace

bool reserve_memory(Input& in, const http1::Limits& limits) {
  try {
    ensure_memory(in, limits);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void own_input(Input& in, uring::Engine& engine, const http1::Limits& limits) {
  ensure_memory(in, limits);
  const std::string_view unused = in.unused();
  if (!unused.empty()) std::memmove(in.memory.get(), unused.data(), unused.size());
  if (in.buffer != uring::no_buffer) engine.recycle(in.buffer);
  in.data = in.memory.get();
  in.begin = 0;
  in.end = unused.size();
  in.buffer = uring::no_buffer;
}

void own_request(Input& in, Request& request, uring::Engine& engine, const http1::Limits& limits) {
  in.begin -= request.head.size();
  own_input(in, engine, limits);
  request.head.rebase(in.data);
  in.begin = request.head.size();
}

void join_received(Input& in, uring::Result got, uring::Engine& engine,
                   const http1::Limits& limits) {
  if (got.buffer == uring::no_buffer) {
    in.end += got.count();
    return;
  }
  own_input(in, engine, limits);
  // This fits: an incomplete head is shorter than head_bytes, and a buffer has buffer_bytes.
  assert(in.end + got.count() <= in.memory_bytes);
  const std::span<char> bytes = engine.buffer(got.buffer);
  std::memcpy(in.data + in.end, bytes.data(), got.count());
  in.end += got.count();
  engine.recycle(got.buffer);
}

void keep_tail(Input& in, std::string_view tail, uring::Engine& engine,
               const http1::Limits& limits) {
  if (tail.empty()) return;
  assert(in.unused().empty() && tail.size() <= most_tail_bytes);
  ensure_memory(in, limits);
  release_input(in, engine);
  char* const behind_head = in.memory.get() + limits.head_bytes;
  std::memcpy(behind_head, tail.data(), tail.size());
  in.data = behind_head;
  in.end = tail.size();
}

}  // namespace server
