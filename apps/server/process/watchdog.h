// Watchdog: when to report to the service manager that the server works, which is only while every
// worker responds.
//
// The main thread asks each worker for a heartbeat, which the worker gives in a loop iteration, and
// reports once all of them have come; a timer alone would report a server whose workers hang. The
// service manager ends the server where the report is late (WatchdogSec= in systemd.service(5)).
// Pure. Covered by tests/server/process/watchdog_test.cc and tests/end_to_end/notify_test.cc.
#pragma once

#include <cstdint>

namespace server {

// Times are in microseconds of the monotonic clock.
class Watchdog {
 public:
  // `interval_us`: the service manager expects a report in each; 0: it expects none.
  explicit Watchdog(std::int64_t interval_us) : interval_us_(interval_us) {}

  // The time until step() is to be called, in milliseconds, rounded up; -1: never.
  int left_ms(std::int64_t now_us) const;
  // `all_respond`: every worker has given the heartbeat that was asked for last. True: report now,
  // and ask for the next ones; half an interval later it is due again. False: it is too early, or a
  // heartbeat is missing and is looked for again soon.
  [[nodiscard]] bool step(std::int64_t now_us, bool all_respond);

 private:
  std::int64_t interval_us_;
  std::int64_t next_us_ = 0;  // when the next step is due; 0: at once
};

}  // namespace server
