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

inline std::size_t Loop::deliver_batch(Milliseconds timeout) {
  const std::size_t count = engine_.wait(timeout, batch_);
  now_ = engine_.now();
  ++iterations_;
  for (std::size_t i = 0; i < count; ++i) deliver(batch_[i]);
  return count;
}

// Delivers what has arrived by now. A thread that did not run for a while, or whose batch was full,
// has not seen all of it, and a peer must not miss a deadline because of that. The bound lets
// deadlines pass if completions never end; it suffices for ten thousand peers, since the kernel may
// complete only 20 receives each time that it is entered.
std::size_t Loop::deliver_arrived() {
  constexpr int most_rounds = 1000;
  std::size_t delivered = 0;
  for (int round = 0; round < most_rounds; ++round) {
    const std::size_t count = deliver_batch(0);
    if (count == 0) break;
    delivered += count;
  }
  return delivered;
}

std::size_t Loop::iterate(Milliseconds longest) {
  Milliseconds timeout = timers_.until_next(now_);
  if (timeout < 0 || (longest >= 0 && longest < timeout)) timeout = longest;
  std::size_t delivered = deliver_batch(timeout);
  const Milliseconds reached = now_;
  if (timers_.may_be_due(reached)) [[unlikely]]
    delivered += deliver_arrived();
  while (Timer* timer = timers_.next_due(reached)) {
    Io::of(*timer).on_deadline();
    ++delivered;
  }
  return delivered;
}

}  // namespace uring
