// Loop: one thread's turn of wait, deliver, time.
//
// A turn asks the engine for a batch of completions, resumes the coroutine that waits for each, and
// then tells those whose deadline has passed. Nothing else ever runs a coroutine, so between two
// co_awaits a coroutine has the thread to itself. Covered by tests/uring/loop_test.cc.
#pragma once

#include <array>

#include "uring/engine.h"
#include "uring/frame_pool.h"
#include "uring/timers.h"

namespace uring {

class Scope;

class Loop {
 public:
  // `engine` must outlive the loop.
  explicit Loop(Engine& engine);

  // Turns until `scope` has no task left.
  void run(const Scope& scope);

  // One turn, waiting at most `longest`. Returns how many completions and deadlines there were.
  std::size_t iterate(Milliseconds longest);

  Engine& engine() const { return engine_; }
  FramePool& frames() { return frames_; }
  Timers& timers() { return timers_; }

  // Turns so far, this one included.
  std::uint64_t iterations() const { return iterations_; }

  // The engine's clock at the start of this turn.
  Milliseconds now() const { return now_; }

 private:
  Engine& engine_;
  FramePool frames_;
  Milliseconds now_;
  std::uint64_t iterations_ = 0;
  Timers timers_;
  // Of one turn; here because making 256 of them anew costs more than an idle turn does. A batch
  // bounds how long the clock stands still, not how much is done in all.
  std::array<Completion, 256> batch_;
};

}  // namespace uring
