// LoopState: the parts of a loop that its coroutines use: the engine, the clock, the timers, and
// the memory of coroutine frames. Loop (uring/loop.h) adds running them.
//
// One thread uses it. Covered by tests/uring/loop_test.cc.
#pragma once

#include <cstdint>

#include "uring/engine.h"
#include "uring/frame_pool.h"
#include "uring/timers.h"

namespace uring {

class LoopState {
 public:
  LoopState(const LoopState&) = delete;
  LoopState& operator=(const LoopState&) = delete;

  Engine& engine() const { return engine_; }
  FramePool& frames() { return frames_; }
  Timers& timers() { return timers_; }

  // Iterations of the loop so far, the present one included.
  std::uint64_t iterations() const { return iterations_; }

  // The engine's clock at the beginning of the present iteration.
  Milliseconds now() const { return now_; }

 protected:
  // `engine` must outlive the loop.
  explicit LoopState(Engine& engine) : engine_(engine), now_(engine.now()), timers_(now_) {}
  ~LoopState() = default;

  Engine& engine_;
  FramePool frames_;
  Milliseconds now_;
  std::uint64_t iterations_ = 0;
  Timers timers_;
};

}  // namespace uring
