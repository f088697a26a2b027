// Loop: an event loop on one engine, for one thread.
//
// An iteration asks the engine for a batch of completions, resumes the coroutine that waits for
// each, and then ends the waits whose deadline has passed. A deadline counts as passed only after
// everything that arrived before was delivered. Nothing else resumes a coroutine, so between two
// co_awaits a coroutine has the thread to itself. Covered by tests/uring/loop_test.cc.
#pragma once

#include <array>
#include <cstddef>

#include "uring/loop_state.h"

namespace uring {

class Scope;

class Loop : public LoopState {
 public:
  // `engine` must outlive the loop.
  explicit Loop(Engine& engine) : LoopState(engine) {}

  // Iterates until `scope` has no task left.
  void run(const Scope& scope);

  // One iteration, which waits at most `longest`. Returns the number of completions and deadlines
  // that it delivered. iterations() also counts each further batch that it takes before a deadline.
  std::size_t iterate(Milliseconds longest);

 private:
  void deliver(const Completion& completion);
  std::size_t deliver_batch(Milliseconds timeout);
  std::size_t deliver_arrived();

  // The completions of one iteration. A member, because constructing 256 of them costs more than an
  // idle iteration does. The size bounds how old now() becomes within an iteration, and not how
  // many completions there may be: the next iteration takes the others.
  std::array<Completion, 256> batch_;
};

}  // namespace uring
