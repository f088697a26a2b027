// Clock: the wall clock as responses and logs want it, with the Date text made once a second.
//
// One for each thread. Covered by tests/server/connection/clock_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <time.h>

#include "parser/date.h"

namespace server {

class Clock {
 public:
  // Reads the time. The exact one: a coarse one is up to a timer tick (4 ms) behind, and a file
  // that was just written would be of the future.
  std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    if (time.tv_sec != seconds_) {
      seconds_ = time.tv_sec;
      http1::write_date(seconds_, date_);
    }
    return seconds_;
  }

  // What the last now() said.
  std::int64_t seconds() const { return seconds_; }

  // The IMF-fixdate of the last now(); a view of this clock.
  std::string_view date() const { return {date_.data(), date_.size()}; }

 private:
  std::int64_t seconds_ = -1;
  std::array<char, http1::date_size> date_{};
};

}  // namespace server
