// The wheel. A timer's slot is the tick that ends after its deadline, so it never fires early.
// Covered by tests/uring/timers_test.cc.
#include "uring/timers.h"

#include <algorithm>

namespace uring {

// Out of the slot that it is in, if it is in one, and into the one of its deadline.
void Timers::move(Timer& timer) {
  if (timer.link_) unlink(timer);
  insert(timer, tick_ + 1);
}

// Puts the timer into the slot of its deadline, at `first` or later, and within one turn of the
// wheel: a timer further away is looked at once a turn and put in again.
void Timers::insert(Timer& timer, std::int64_t first) {
  const std::int64_t due = (timer.deadline_ >> tick_bits) + 1;
  timer.tick_ = std::clamp(due, first, first + slots - 2);
  Timer*& head = wheel_[slot_of(timer.tick_)];
  timer.next_ = head;
  timer.link_ = &head;
  if (head) head->link_ = &timer.next_;
  head = &timer;
  earliest_ = std::min(earliest_, timer.tick_);
}

void Timers::unlink(Timer& timer) {
  *timer.link_ = timer.next_;
  if (timer.next_) timer.next_->link_ = timer.link_;
  timer.link_ = nullptr;
  timer.next_ = nullptr;
}

void Timers::remove(Timer& timer) {
  clear(timer);
  if (timer.link_) unlink(timer);
}

Milliseconds Timers::until_next(Milliseconds now) const {
  if (earliest_ == no_tick) return forever;
  return std::max<Milliseconds>(earliest_ * tick_ms - now, 0);
}

Timer* Timers::next_due(Milliseconds now) {
  const std::int64_t today = now >> tick_bits;
  if (today < earliest_) {
    tick_ = std::max(tick_, today);
    return nullptr;
  }
  // After a long sleep one turn sees every slot; more would be the same slots again.
  tick_ = std::max(tick_, today - slots);
  while (tick_ < today) {
    Timer* timer = wheel_[slot_of(tick_ + 1)];
    if (!timer) {
      ++tick_;
      continue;
    }
    unlink(*timer);
    if (!timer->armed()) continue;
    if (timer->deadline_ > now) {
      insert(*timer, tick_ + 2);
      continue;
    }
    clear(*timer);
    return timer;
  }
  find_earliest();
  return nullptr;
}

void Timers::find_earliest() {
  earliest_ = no_tick;
  for (std::int64_t tick = tick_ + 1; tick <= tick_ + slots; ++tick) {
    if (!wheel_[slot_of(tick)]) continue;
    earliest_ = tick;
    return;
  }
}

}  // namespace uring
