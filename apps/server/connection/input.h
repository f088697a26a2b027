// Functions on Input: adding received bytes, and moving them out of provided buffers before the
// next receive.
//
// Covered by tests/server/connection/input_test.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "apps/server/connection/body_reader.h"
#include "apps/server/connection/exchange.h"
#include "parser/limits.h"
#include "uring/buffer_pool.h"
#include "uring/engine.h"

namespace server {

// The size of an Input's own memory: an incomplete head, which is shorter than head_bytes, one
// provided buffer that is added to it, and bytes that were received behind a body (keep_tail()).
inline std::size_t input_memory_bytes(const http1::Limits& limits) {
  return limits.head_bytes + most_tail_bytes + uring::BufferPool::buffer_bytes;
}

// Recycles the provided buffer, if there is one. The input is empty afterwards.
inline void release_input(Input& in, uring::Engine& engine) {
  if (in.buffer != uring::no_buffer) engine.recycle(in.buffer);
  in.data = nullptr;
  in.begin = in.end = 0;
  in.buffer = uring::no_buffer;
}

// Ensures that the input's own memory has input_memory_bytes(), so that no function below
// allocates. False: memory is exhausted; the input is unchanged.
[[nodiscard]] bool reserve_memory(Input& in, const http1::Limits& limits);

// Moves the unused bytes to the front of the input's own memory, which is allocated or grown to
// input_memory_bytes() first. Throws std::bad_alloc if memory is exhausted, as all functions below
// do; the input is unchanged then, and `got` not taken over.
void own_input(Input& in, uring::Engine& engine, const http1::Limits& limits);

// Moves the head of the request that was parsed last, and the unused bytes behind it, to the front
// of the input's own memory, so that the head stays valid during the next receive.
void own_request(Input& in, Request& request, uring::Engine& engine, const http1::Limits& limits);

// The slow path of add_received(): there are unused bytes already, or the bytes were received into
// the input's own memory.
void join_received(Input& in, uring::Result got, uring::Engine& engine,
                   const http1::Limits& limits);

// Adds the bytes of a successful receive behind the unused ones. Takes over its buffer.
inline void add_received(Input& in, uring::Result got, uring::Engine& engine,
                         const http1::Limits& limits) {
  if (got.buffer == uring::no_buffer || !in.unused().empty()) {
    return join_received(in, got, engine, limits);
  }
  if (in.buffer != uring::no_buffer) engine.recycle(in.buffer);
  in.data = engine.buffer(got.buffer).data();
  in.begin = 0;
  in.end = got.count();
  in.buffer = got.buffer;
}

// Copies `tail`, at most most_tail_bytes of the following request that were received with a body,
// into the input's own memory. The input has no unused bytes. The copy is stored behind the first
// head_bytes of the memory, so that the current head stays valid.
void keep_tail(Input& in, std::string_view tail, uring::Engine& engine,
               const http1::Limits& limits);

}  // namespace server
