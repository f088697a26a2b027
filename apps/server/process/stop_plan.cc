// The phases of the end. Covered by tests/server/process/stop_plan_test.cc.
#include "apps/server/process/stop_plan.h"

#include <algorithm>

namespace server {

StopPlan::Step StopPlan::drain(std::int64_t now_us) {
  phase_ = Phase::draining;
  next_us_ = now_us + grace_ms_ * 1000;
  return Step::drain;
}

StopPlan::Step StopPlan::on_signal(std::int64_t now_us) {
  switch (phase_.load()) {
    case Phase::running:
      if (delay_ms_ == 0) return drain(now_us);
      phase_ = Phase::delayed;
      next_us_ = now_us + delay_ms_ * 1000;
      return Step::none;
    case Phase::delayed:
    case Phase::draining: phase_ = Phase::aborted; return Step::abort;
    case Phase::aborted: return Step::none;
  }
  return Step::none;
}

StopPlan::Step StopPlan::on_replaced(std::int64_t now_us) {
  const Phase phase = phase_.load();
  return phase == Phase::running || phase == Phase::delayed ? drain(now_us) : Step::none;
}

StopPlan::Step StopPlan::on_time(std::int64_t now_us) {
  const Phase phase = phase_.load();
  const bool is_timed = phase == Phase::delayed || phase == Phase::draining;
  if (!is_timed || now_us < next_us_) return Step::none;
  if (phase == Phase::delayed) return drain(now_us);
  phase_ = Phase::aborted;
  return Step::abort;
}

int StopPlan::wait_ms(std::int64_t now_us) const {
  const Phase phase = phase_.load();
  if (phase != Phase::delayed && phase != Phase::draining) return -1;
  constexpr std::int64_t longest_ms = 3'600'000;
  return static_cast<int>(
      std::clamp<std::int64_t>((next_us_ - now_us + 999) / 1000, 0, longest_ms));
}

}  // namespace server
