// Two bounds, whichever comes first. Covered by tests/server/pace_test.cc.
#include "apps/server/pace.h"

#include <algorithm>

namespace server {

std::int64_t Pace::end_ms(const Patience& patience) const {
  const std::int64_t stalled_ms = progress_ms_ + patience.body_ms;
  if (patience.lowest_rate == 0) return stalled_ms;
  // In this order no product overflows: a connection sends less than 2^63 bytes in its life.
  const std::uint64_t confirmed = last_ - first_;
  const std::uint64_t earned_ms = confirmed / patience.lowest_rate * 1000 +
                                  confirmed % patience.lowest_rate * 1000 / patience.lowest_rate;
  return std::min(stalled_ms, began_ms_ + patience.body_ms + static_cast<std::int64_t>(earned_ms));
}

// The first look only says where the counting begins: what was confirmed before it, within a
// quarter of the patience, is not known.
bool Pace::look(std::int64_t now_ms, std::uint64_t confirmed, const Patience& patience) {
  if (!looked_) {
    first_ = last_ = confirmed;
    looked_ = true;
  } else if (confirmed > last_) {
    last_ = confirmed;
    progress_ms_ = now_ms;
  }
  return now_ms < end_ms(patience);
}

}  // namespace server
