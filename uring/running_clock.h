// RunningClock: the monotonic clock without the time in which the thread stood still.
//
// Time limits measure how long a peer lets the program wait. While the process is stopped (SIGSTOP,
// a job in the background, a frozen container) or the machine is paused, no peer can make the
// program progress, so that this time must not count. An engine announces each wait; a wait that
// ends much later than announced shows that the thread stood still, and the clock then continues at
// the time at which the wait began. Waits are kept short, so that a standstill within a long wait
// is noticed, and that little of the time in which the thread did run is left out with it.
//
// Belongs to one thread. Covered by tests/uring/running_clock_test.cc.
#pragma once

#include <algorithm>
#include <cstdint>

#include "uring/monotonic.h"

namespace uring {

class RunningClock {
 public:
  // The longest announced wait: two wake-ups a second while a deadline is set.
  static constexpr Milliseconds longest_wait_ms = 500;
  // A delay up to this is that of a busy machine, and counts as time that has passed.
  static constexpr Milliseconds most_late_ms = 500;

  // Returns the time of this clock at `time` of the monotonic clock, which does not go back.
  Milliseconds read(Milliseconds time) {
    if (time >= wakes_at_) [[unlikely]]
      wake(time);
    time_ = time;
    return time - stood_still_;
  }

  // The sum of all standstills: read() is behind the monotonic clock by this.
  Milliseconds stood_still() const { return stood_still_; }

  // Announces a wait, which begins at the last read() and ends after `duration` or earlier. False:
  // a wake-up that was announced before comes in time. True: the caller has to wake the thread at
  // wakes_at().
  bool must_wake_after(Milliseconds duration) {
    if (wakes_at_ <= time_ + duration) return false;
    wakes_at_ = time_ + std::min(duration, longest_wait_ms);
    return true;
  }
  // On the monotonic clock.
  Milliseconds wakes_at() const { return wakes_at_; }

  // Announces a wait of `duration`, or `forever`, for an engine that passes a timeout to each wait.
  // Returns that timeout.
  Milliseconds begin_wait(Milliseconds duration) {
    if (duration < 0) wakes_at_ = never;
    if (duration <= 0) return duration;
    must_wake_after(duration);
    return std::min(duration, wakes_at_ - time_);
  }

 private:
  static constexpr Milliseconds never = INT64_MAX;

  void wake(Milliseconds time) {
    if (time > wakes_at_ + most_late_ms) stood_still_ += time - time_;
    wakes_at_ = never;
  }

  Milliseconds time_ = 0;          // of the last read(), on the monotonic clock
  Milliseconds wakes_at_ = never;  // when the thread is awake at the latest
  Milliseconds stood_still_ = 0;   // the sum of all standstills
};

}  // namespace uring
