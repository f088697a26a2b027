// Timers: a timer wheel, for deadlines that almost never pass.
//
// Moving a deadline later is one store: the timer stays in its slot, and moves to the right one
// when the wheel reaches its slot. Slots are 64 ms wide, so a timer fires up to 64 ms late, and
// never early, unless expire() makes it due at once. A timer that is due after more than one
// rotation of the wheel (32 s) moves once in each rotation. Single-threaded; the owner of a timer
// removes it before it is destroyed. Covered by tests/uring/timers_test.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "uring/monotonic.h"

namespace uring {

class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const { return deadline_ != unset; }
  Milliseconds deadline() const { return deadline_; }

 private:
  friend class Timers;
  static constexpr Milliseconds unset = INT64_MAX;

  Timer* next_ = nullptr;   // in the list of its slot
  Timer** link_ = nullptr;  // the pointer to this timer in that list; null while in no slot
  Milliseconds deadline_ = unset;
  std::int64_t tick_ = 0;  // the tick at which its slot is reached
};

class Timers {
 public:
  explicit Timers(Milliseconds now) : tick_(now >> tick_bits) {}

  void set(Timer& timer, Milliseconds deadline) {
    timer.deadline_ = deadline;
    const bool comes_before = timer.link_ && timer.tick_ <= (deadline >> tick_bits) + 1;
    if (!comes_before) move(timer);  // else it moves when its slot is reached
  }
  // Makes the timer due at once, without the delay of up to 64 ms.
  void expire(Timer& timer);
  // Disarms the timer. It leaves its slot when it is removed or when the slot is reached.
  void clear(Timer& timer) { timer.deadline_ = Timer::unset; }
  // Takes the timer out of the wheel.
  void remove(Timer& timer);

  // Milliseconds until the next slot with timers is reached; `forever` if there is none.
  Milliseconds until_next(Milliseconds now) const;

  // False: no timer is due at `now`.
  bool may_be_due(Milliseconds now) const { return (now >> tick_bits) >= earliest_; }

  // Advances the wheel to `now` and returns the next timer that is due, disarmed; null if there is
  // none.
  Timer* next_due(Milliseconds now) {
    if (may_be_due(now)) return find_due(now);
    tick_ = std::max(tick_, now >> tick_bits);
    return nullptr;
  }

 private:
  static constexpr int tick_bits = 6;
  static constexpr Milliseconds tick_ms = 1 << tick_bits;
  static constexpr std::int64_t slots = 512;

  static constexpr std::int64_t no_tick = INT64_MAX;

  Timer* find_due(Milliseconds now);
  Timer* take_expired(Milliseconds now);
  void link(Timer& timer, Timer*& head);
  void move(Timer& timer);
  void insert(Timer& timer, std::int64_t first);
  void find_earliest();
  static void unlink(Timer& timer);
  std::size_t slot_of(std::int64_t tick) const { return static_cast<std::size_t>(tick % slots); }

  std::array<Timer*, slots> wheel_{};
  Timer* expired_ = nullptr;         // by expire(): a list beside the slots
  std::int64_t tick_;                // the slots of this tick and of all earlier ones are done
  std::int64_t earliest_ = no_tick;  // no timer is in the slot of an earlier tick
};

}  // namespace uring
