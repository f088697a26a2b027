// Clock: the wall clock in seconds, with the text of the Date field, which it writes once a second.
//
// One for each worker, used by its thread alone. Covered by tests/server/connection/clock_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <time.h>

#include "parser/date.h"

namespace server {

class Clock {
 public:
  // Reads the time. Returns it in Unix seconds. Reads CLOCK_REALTIME, since the coarse clock is up
  // to a timer tick (4 ms) late, and a file that was just written would be from the future.
  std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    if (time.tv_sec != seconds_) {
      seconds_ = time.tv_sec;
      http1::write_date(seconds_, date_);
    }
    return seconds_;
  }

  // The result of the last now(), in Unix seconds.
  std::int64_t seconds() const { return seconds_; }

  // The IMF-fixdate (RFC 9110 section 5.6.7) of the last now(), as a view into this clock.
  std::string_view date() const { return {date_.data(), date_.size()}; }

 private:
  std::int64_t seconds_ = -1;
  std::array<char, http1::date_size> date_{};
};

}  // namespace server
