// The turn. Completions were copied out by the engine before the first coroutine is resumed.
// Covered by tests/uring/loop_test.cc.
#include "uring/loop.h"

#include <cassert>
#include <utility>

#include "uring/io.h"
#include "uring/scope.h"

namespace uring {

Loop::Loop(Engine& engine) : engine_(engine), now_(engine.now()), timers_(now_) {}

void Loop::run(const Scope& scope) {
  while (!scope.empty()) iterate(forever);
}

std::size_t Loop::iterate(Milliseconds longest) {
  Milliseconds patience = timers_.until_next(now_);
  if (patience < 0 || (longest >= 0 && longest < patience)) patience = longest;
  const std::size_t count = engine_.wait(patience, batch_);
  now_ = engine_.now();
  ++iterations_;
  std::size_t happened = count;
  for (std::size_t i = 0; i < count; ++i) {
    Flight& flight = *batch_[i].flight;
    if (flight.code == OpCode::recv_stream) {
      Io::of(static_cast<Stream&>(flight)).on_received(batch_[i].result);
      continue;
    }
    Operation& operation = operation_of(flight);
    assert(operation.waiter);  // an acceptor awaits again before it returns to the loop
    operation.result = batch_[i].result;
    operation.armed = batch_[i].result.more;
    std::exchange(operation.waiter, nullptr).resume();
  }
  while (Timer* timer = timers_.next_due(now_)) {
    Io::of(*timer).on_deadline();
    ++happened;
  }
  return happened;
}

}  // namespace uring
