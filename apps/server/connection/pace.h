// Pace: whether a peer receives a response fast enough. Pure.
//
// A send may take as long as the peer makes progress. While the send waits, its progress is checked
// at intervals: the connection is broken off if the peer has received nothing for --body-timeout,
// or less than --lowest-rate on average, since a waiting send occupies memory. Progress is the
// number of bytes that the peer has acknowledged. The number of bytes that the kernel has accepted
// would not do: for a slow peer it accepts megabytes at once, and then nothing for minutes.
// Covered by tests/server/connection/pace_test.cc.
#pragma once

#include <algorithm>
#include <cstdint>

#include "apps/server/plan/site.h"

namespace server {

class Pace {
 public:
  // Begins or continues a send at `now_ms`. Returns after how many milliseconds, at least 1, to
  // call check(): at most a quarter of --body-timeout, so that the end of progress is noticed in
  // time.
  std::int64_t wait(std::int64_t now_ms, const Timeouts& timeouts) {
    const std::int64_t check_ms = std::max<std::int64_t>(1, timeouts.body_ms / 4);
    if (is_waiting_) return std::clamp<std::int64_t>(end_ms(timeouts) - now_ms, 1, check_ms);
    is_waiting_ = true;
    was_checked_ = false;
    first_ = last_ = 0;
    began_ms_ = progress_ms_ = now_ms;
    return check_ms;
  }

  // `confirmed` is the number of bytes of this connection that the peer has acknowledged so far.
  // False: the peer is too slow.
  bool check(std::int64_t now_ms, std::uint64_t confirmed, const Timeouts& timeouts);

  // Ends the send: the kernel has accepted all bytes.
  void end() { is_waiting_ = false; }

  // Whether a send has begun and not ended.
  bool is_waiting() const { return is_waiting_; }

 private:
  // The time at which the peer is too slow if it acknowledges nothing until then.
  std::int64_t end_ms(const Timeouts& timeouts) const;

  std::int64_t began_ms_ = 0;
  std::int64_t progress_ms_ = 0;  // the last check that found more acknowledged bytes
  std::uint64_t first_ = 0;       // acknowledged bytes at the first check
  std::uint64_t last_ = 0;        // acknowledged bytes at the last check
  bool is_waiting_ = false;
  bool was_checked_ = false;
};

}  // namespace server
