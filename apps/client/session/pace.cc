// Covered by tests/client/session/pace_test.cc.
#include "apps/client/session/pace.h"

#include <algorithm>
#include <limits>

namespace client {

namespace {

constexpr std::uint64_t us_per_s = 1'000'000;
constexpr std::uint64_t us_per_ms = 1000;
constexpr std::uint64_t least_at_once = 512;

// The time that bytes take, in microseconds.
std::uint64_t duration_us(std::uint64_t bytes, std::uint64_t rate) {
  const std::uint64_t seconds = bytes / rate;
  return seconds * us_per_s + bytes % rate * us_per_s / rate;
}

}  // namespace

std::size_t Pace::most_at_once() const {
  if (rate_ == 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(std::max(rate_ / 8, least_at_once));
}

std::int64_t Pace::spend(std::uint64_t bytes, std::int64_t now_ms) {
  if (rate_ == 0) return 0;
  const std::uint64_t now_us =
      static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 0)) * us_per_ms;
  free_at_us_ = std::max(free_at_us_, now_us) + duration_us(bytes, rate_);
  return static_cast<std::int64_t>((free_at_us_ - now_us) / us_per_ms);
}

void SpeedCheck::begin(std::uint64_t least, std::int64_t window_ms, std::int64_t now_ms) {
  least_ = least;
  window_ms_ = std::max<std::int64_t>(window_ms, 1);
  end_ms_ = now_ms + window_ms_;
  moved_ = 0;
  has_failed_ = false;
}

std::int64_t SpeedCheck::left_ms(std::int64_t now_ms) const {
  return std::max<std::int64_t>(end_ms_ - now_ms, 1);
}

bool SpeedCheck::is_too_slow(std::int64_t now_ms) {
  if (!is_over(now_ms)) return false;
  // The window may have ended some time ago.
  const std::int64_t lasted_ms = now_ms - end_ms_ + window_ms_;
  const bool is_slow = moved_ * 1000 < least_ * static_cast<std::uint64_t>(lasted_ms);
  begin(least_, window_ms_, now_ms);
  has_failed_ = is_slow;
  return is_slow;
}

}  // namespace client
