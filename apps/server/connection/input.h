// Received bytes: where they lie, and how they outlive the next receive.
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

// The memory that an Input needs for itself: a head that is not complete is shorter than
// head_bytes, one provided buffer may be added to it, and the tail of a body may lie behind all
// that.
inline std::size_t input_memory_bytes(const http1::Limits& limits) {
  return limits.head_bytes + most_tail_bytes + uring::BufferPool::buffer_bytes;
}

// Gives a provided buffer back; the input is empty afterwards.
inline void release_input(Input& in, uring::Engine& engine) {
  if (in.buffer != uring::no_buffer) engine.recycle(in.buffer);
  in.data = nullptr;
  in.begin = in.end = 0;
  in.buffer = uring::no_buffer;
}

// Moves the unused bytes to the front of the input's own memory, which is allocated or grown to
// input_memory_bytes() first.
void own_input(Input& in, uring::Engine& engine, const http1::Limits& limits);

// Moves the head of the request that was just parsed, and the unused bytes behind it, to the front
// of the input's own memory: for a request that outlives the next receive.
void own_request(Input& in, Request& request, uring::Engine& engine, const http1::Limits& limits);

// add_received() where something is there already, or where the bytes were received behind it.
void join_received(Input& in, uring::Result got, uring::Engine& engine,
                   const http1::Limits& limits);

// Adds the bytes of a receive, which succeeded, behind the unused ones. Takes over its buffer.
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

// Keeps `tail`, bytes of a following request that were received with a body, of which nothing is
// left in the input. At most most_tail_bytes. They are copied behind all that a head may need of
// the own memory, so that the current head stays valid.
void keep_tail(Input& in, std::string_view tail, uring::Engine& engine,
               const http1::Limits& limits);

}  // namespace server
