// StopPlan: when the server takes which step towards its end. Reads no clock.
//
// The first signal begins the end. The workers go on for the time of --drain-delay, in which
// readiness is false already, so that a load balancer sends its requests elsewhere. Then they
// drain, and the grace period begins, whose end aborts them, as a second signal does. A server that
// was replaced drains without delay, because another process accepts its clients.
// Covered by tests/server/process/stop_plan_test.cc.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace server {

// The sooner of two times in milliseconds, where -1 means never.
inline int sooner(int left, int right) {
  return left < 0 || right < 0 ? std::max(left, right) : std::min(left, right);
}

class StopPlan {
 public:
  // The next thing that the caller has to do.
  enum class Step : std::uint8_t { none, drain, abort };

  StopPlan(std::int64_t delay_ms, std::int64_t grace_ms)
      : delay_ms_(delay_ms), grace_ms_(grace_ms) {}

  // Changes both times, for steps that are not planned yet.
  void set_times(std::int64_t delay_ms, std::int64_t grace_ms) {
    delay_ms_ = delay_ms;
    grace_ms_ = grace_ms;
  }

  // Times are those of the monotonic clock, in microseconds.

  // A signal to stop has arrived.
  Step on_signal(std::int64_t now_us);
  // Another process has taken the server's place.
  Step on_replaced(std::int64_t now_us);
  // The step that is due by now, if any. To be called when wait_ms() has passed.
  Step on_time(std::int64_t now_us);
  // The time to the next step in milliseconds, for poll(2); -1 if none is planned. Rounded up, so
  // that the step is due when that time has passed.
  int wait_ms(std::int64_t now_us) const;

  // The server has begun to stop: it is not ready for further clients. For any thread.
  bool has_begun() const { return phase_.load() != Phase::running; }

 private:
  enum class Phase : std::uint8_t { running, delayed, draining, aborted };

  Step drain(std::int64_t now_us);

  std::int64_t delay_ms_;
  std::int64_t grace_ms_;
  std::atomic<Phase> phase_ = Phase::running;
  std::int64_t next_us_ = 0;  // when the phases `delayed` and `draining` end
};

}  // namespace server
