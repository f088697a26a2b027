// One iteration of the loop. The engine has copied the completions out of its own queues before the
// first coroutine is resumed, so coroutines may start operations. Covered by
// tests/uring/loop_test.cc.
#include "uring/loop.h"

#include <cassert>
#include <utility>

#include "uring/io.h"
#include "uring/scope.h"

namespace uring {

void Loop::run(const Scope& scope) {
  while (!scope.empty()) iterate(forever);
}

inline void Loop::deliver(const Completion& completion) {
  Flight& flight = *completion.flight;
  if (flight.code == OpCode::recv_stream) {
    Io::of(static_cast<Stream&>(flight)).on_received(completion.result);
    return;
  }
  Operation& operation = operation_of(flight);
  assert(operation.waiter);  // an acceptor awaits again before it returns to the loop
  operation.result = completion.result;
  operation.armed = completion.result.more;
  std::exchange(operation.waiter, nullptr).resume();
}

std::size_t Loop::iterate(Milliseconds longest) {
  Milliseconds timeout = timers_.until_next(now_);
  if (timeout < 0 || (longest >= 0 && longest < timeout)) timeout = longest;
  const std::size_t count = engine_.wait(timeout, batch_);
  now_ = engine_.now();
  ++iterations_;
  std::size_t delivered = count;
  for (std::size_t i = 0; i < count; ++i) deliver(batch_[i]);
  while (Timer* timer = timers_.next_due(now_)) {
    Io::of(*timer).on_deadline();
    ++delivered;
  }
  return delivered;
}

}  // namespace uring
