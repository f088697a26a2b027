// Pace: whether a peer takes what it is sent fast enough. Pure.
//
// A send may wait for its peer for as long as the peer takes something, so it is looked at now and
// then while it waits: who has taken nothing for --body-timeout is gone or does not want it, and
// who takes less than --lowest-rate on average holds memory for nothing. What counts is what the
// peer has confirmed. What the kernel has taken from us would not do: for a slow peer it takes
// megabytes at once, and then nothing for minutes. Covered by tests/server/connection/pace_test.cc.
#pragma once

#include <algorithm>
#include <cstdint>

#include "apps/server/plan/site.h"

namespace server {

class Pace {
 public:
  // A send begins or goes on at `now_ms`. Returns in how many milliseconds to look at it, at least
  // 1: every quarter of --body-timeout, so that who stops is noticed in time.
  std::int64_t wait(std::int64_t now_ms, const Timeouts& timeouts) {
    const std::int64_t look_ms = std::max<std::int64_t>(1, timeouts.body_ms / 4);
    if (waits_) return std::clamp<std::int64_t>(end_ms(timeouts) - now_ms, 1, look_ms);
    waits_ = true;
    looked_ = false;
    first_ = last_ = 0;
    began_ms_ = progress_ms_ = now_ms;
    return look_ms;
  }

  // The peer has confirmed `confirmed` bytes of this connection in all. False: it is too slow.
  bool check(std::int64_t now_ms, std::uint64_t confirmed, const Timeouts& timeouts);

  // Everything is with the kernel: nobody waits for the peer.
  void end() { waits_ = false; }

  // A send has begun and is not through.
  bool waits() const { return waits_; }

 private:
  // When the peer is too slow if nothing more is confirmed until then.
  std::int64_t end_ms(const Timeouts& timeouts) const;

  std::int64_t began_ms_ = 0;
  std::int64_t progress_ms_ = 0;  // when something new was confirmed
  std::uint64_t first_ = 0;       // bytes confirmed at the first look
  std::uint64_t last_ = 0;        // and at the last one
  bool waits_ = false;
  bool looked_ = false;
};

}  // namespace server
