// Notifier: messages to the service manager, in the protocol of sd_notify(3).
//
// A message is one datagram of lines NAME=VALUE to the socket that NOTIFY_SOCKET names. Without
// that variable, or if the socket cannot be reached, all calls do nothing: the messages help the
// service manager, and the server runs without one as well. Covered by
// tests/server/process/notify_test.cc and tests/end_to_end/notify_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "uring/fd.h"

namespace server {

// All functions are for the main thread.
class Notifier {
 public:
  // Connects to NOTIFY_SOCKET, a path or, with "@" in front, an abstract name, and removes the
  // variable. To be made before the server restricts itself: a socket that is connected works
  // afterwards, and one that has to be connected does not.
  Notifier();

  // READY=1: the start or a reload is over, also one that was refused. `status` is a text for
  // people, which `systemctl status` shows; control characters are replaced.
  void ready(std::string_view status) const;
  // RELOADING=1 with the time, which Type=notify-reload needs; ready() follows.
  void reloading() const;
  // STOPPING=1. The service manager then waits `most_ms` at least, though TimeoutStopSec= is less.
  void stopping(std::string_view status, std::int64_t most_ms) const;
  // STATUS= alone.
  void status(std::string_view text) const;
  // MAINPID=: that process takes the place of this one. The watchdog ends, because the service
  // manager has not asked that process for reports.
  void main_process(pid_t pid) const;
  // WATCHDOG=1: all workers respond.
  void alive() const;

 private:
  void send(std::string_view message) const;

  uring::Fd socket_;
};

// The interval of WATCHDOG_USEC, within which the service manager expects alive() again, in
// microseconds; 0: it expects nothing, or from another process (WATCHDOG_PID). Removes both
// variables.
std::int64_t take_watchdog_interval();

}  // namespace server
