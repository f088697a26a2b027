// The decision. Covered by tests/server/process/watchdog_test.cc.
#include "apps/server/process/watchdog.h"

#include <algorithm>

namespace server {

int Watchdog::left_ms(std::int64_t now_us) const {
  if (interval_us_ == 0) return -1;
  return static_cast<int>(std::max<std::int64_t>(0, (next_us_ - now_us + 999) / 1000));
}

bool Watchdog::step(std::int64_t now_us, bool all_respond) {
  if (interval_us_ == 0 || now_us < next_us_) return false;
  // A worker that was late is found soon, and not after another half of the interval.
  next_us_ = now_us + (all_respond ? interval_us_ / 2 : interval_us_ / 16);
  return all_respond;
}

}  // namespace server
