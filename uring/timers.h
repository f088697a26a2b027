// Timers: a wheel of deadlines, for things that almost never happen.
//
// A deadline that moves later costs one store: the timer stays in its slot, and when the slot is
// reached it is put where it belongs by then. Slots are 64 ms wide, so a timer fires up to 64 ms
// late, never early; one further away than a turn of the wheel (32 s) is passed and kept.
// Single-threaded; timers are owned by whoever embeds them. Covered by tests/uring/timers_test.cc.
#pragma once

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

  Timer* next_ = nullptr;          // in its slot's list
  Timer** link_ = nullptr;         // what points to this timer; null while in no slot
  Milliseconds deadline_ = unset;  // when it is due
  std::int64_t tick_ = 0;          // the slot's tick that it was put in for
};

class Timers {
 public:
  explicit Timers(Milliseconds now) : tick_(now >> tick_bits) {}

  void set(Timer& timer, Milliseconds deadline) {
    timer.deadline_ = deadline;
    const bool comes_before = timer.link_ && timer.tick_ <= (deadline >> tick_bits) + 1;
    if (!comes_before) move(timer);  // else its slot comes up before: lazy
  }
  // The timer will not fire. It leaves its slot only when it is removed or the slot comes up.
  void clear(Timer& timer) { timer.deadline_ = Timer::unset; }
  // Takes the timer out, before its owner goes away.
  void remove(Timer& timer);

  // Milliseconds until a slot with timers comes up; `forever` when there are none.
  Milliseconds until_next(Milliseconds now) const;

  // Moves to `now` and returns the next timer that is due, disarmed, or null when all are done.
  Timer* next_due(Milliseconds now);

 private:
  static constexpr int tick_bits = 6;
  static constexpr Milliseconds tick_ms = 1 << tick_bits;
  static constexpr std::int64_t slots = 512;

  static constexpr std::int64_t no_tick = INT64_MAX;

  void move(Timer& timer);
  void insert(Timer& timer, std::int64_t first);
  void find_earliest();
  static void unlink(Timer& timer);
  std::size_t slot_of(std::int64_t tick) const { return static_cast<std::size_t>(tick % slots); }

  std::array<Timer*, slots> wheel_{};
  std::int64_t tick_;                // this tick's slot and all before it are done
  std::int64_t earliest_ = no_tick;  // no timer is in a slot before this tick's
};

}  // namespace uring
