// The timer wheel. The slot of a timer is reached at the first tick after its deadline, so the
// timer never fires early. Covered by tests/uring/timers_test.cc.
#include "uring/timers.h"

#include <algorithm>

namespace uring {

// Moves the timer to the slot of its deadline.
void Timers::move(Timer& timer) {
  if (timer.link_) unlink(timer);
  insert(timer, tick_ + 1);
}

// Puts the timer into the slot of its deadline, at tick `first` or later and within one rotation of
// the wheel. A timer that is due later is inserted again in each rotation.
void Timers::insert(Timer& timer, std::int64_t first) {
  const std::int64_t due = (timer.deadline_ >> tick_bits) + 1;
  timer.tick_ = std::clamp(due, first, first + slots - 2);
  link(timer, wheel_[slot_of(timer.tick_)]);
}

// Adds the timer to a list that is reached at its tick.
void Timers::link(Timer& timer, Timer*& head) {
  timer.next_ = head;
  timer.link_ = &head;
  if (head) head->link_ = &timer.next_;
  head = &timer;
  earliest_ = std::min(earliest_, timer.tick_);
}

// Until next_due(), the timer stays in the list, also if its deadline is set again.
void Timers::expire(Timer& timer) {
  if (timer.link_) unlink(timer);
  timer.tick_ = tick_;
  timer.deadline_ = tick_ * tick_ms;
  link(timer, expired_);
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

// The next timer of expire(), disarmed; null if there is none. One whose deadline was set again
// returns to the wheel.
Timer* Timers::take_expired(Milliseconds now) {
  while (Timer* const timer = expired_) {
    unlink(*timer);
    if (!timer->armed()) continue;
    if (timer->deadline_ > now) {
      insert(*timer, tick_ + 1);
      continue;
    }
    clear(*timer);
    return timer;
  }
  return nullptr;
}

Timer* Timers::find_due(Milliseconds now) {
  if (Timer* const timer = take_expired(now)) return timer;
  const std::int64_t current = now >> tick_bits;
  // After a long sleep one rotation visits every slot; more would visit them again.
  tick_ = std::max(tick_, current - slots);
  while (tick_ < current) {
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
