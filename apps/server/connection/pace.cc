// The two bounds of a slow send, of which the earlier one counts. Covered by
// tests/server/connection/pace_test.cc.
#include "apps/server/connection/pace.h"

#include <algorithm>

namespace server {

std::int64_t Pace::end_ms(const Timeouts& timeouts) const {
  const std::int64_t stalled_ms = progress_ms_ + timeouts.body_ms;
  if (timeouts.lowest_rate == 0) return stalled_ms;
  // In this order no product overflows: a connection sends less than 2^63 bytes.
  const std::uint64_t confirmed = last_ - first_;
  const std::uint64_t earned_ms = confirmed / timeouts.lowest_rate * 1000 +
                                  confirmed % timeouts.lowest_rate * 1000 / timeouts.lowest_rate;
  return std::min(stalled_ms, began_ms_ + timeouts.body_ms + static_cast<std::int64_t>(earned_ms));
}

// The first check only sets the number from which acknowledged bytes are counted: the number at the
// begin of the send, up to a quarter of the timeout earlier, is not known.
bool Pace::check(std::int64_t now_ms, std::uint64_t confirmed, const Timeouts& timeouts) {
  if (!was_checked_) {
    first_ = last_ = confirmed;
    was_checked_ = true;
  } else if (confirmed > last_) {
    last_ = confirmed;
    progress_ms_ = now_ms;
  }
  return now_ms < end_ms(timeouts);
}

}  // namespace server
