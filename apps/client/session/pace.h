// Pace: the bytes that may move with --limit-rate. SpeedCheck: the bytes that have to move with
// --speed-limit.
//
// Both are pure: the time is an argument, in milliseconds. Covered by
// tests/client/session/pace_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace client {

// A limit on the bytes a second of all connections together. A pause saves up nothing: after it,
// bytes move as slowly as before.
class Pace {
 public:
  // 0: no limit.
  explicit Pace(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  [[nodiscard]] bool is_limited() const { return rate_ > 0; }
  // The most bytes for one system call: those of an eighth of a second, at least 512.
  [[nodiscard]] std::size_t most_at_once() const;
  // `bytes` have moved: for how long no further ones may, in milliseconds.
  [[nodiscard]] std::int64_t spend(std::uint64_t bytes, std::int64_t now_ms);

 private:
  const std::uint64_t rate_;
  std::uint64_t free_at_us_ = 0;  // when further bytes may move
};

// The speed of one transfer, in windows of time that follow each other.
class SpeedCheck {
 public:
  // Begins the first window. A transfer that is slower than `least` bytes a second in a window of
  // `window_ms` is too slow; `least` 0: none is.
  void begin(std::uint64_t least, std::int64_t window_ms, std::int64_t now_ms);
  // The transfer has ended.
  void end() { least_ = 0; }
  void add(std::uint64_t bytes) { moved_ += bytes; }

  // Says whether is_too_slow() has been true since begin().
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  [[nodiscard]] bool is_active() const { return least_ > 0; }
  [[nodiscard]] bool is_over(std::int64_t now_ms) const { return is_active() && now_ms >= end_ms_; }
  // Until the end of the window; at least a millisecond.
  [[nodiscard]] std::int64_t left_ms(std::int64_t now_ms) const;
  // Says whether a window has ended in which too few bytes moved; one that has ended otherwise is
  // followed by the next.
  [[nodiscard]] bool is_too_slow(std::int64_t now_ms);

 private:
  std::uint64_t least_ = 0;
  std::int64_t window_ms_ = 0;
  std::int64_t end_ms_ = 0;
  std::uint64_t moved_ = 0;  // in this window
  bool has_failed_ = false;
};

}  // namespace client
