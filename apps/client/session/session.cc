// Stopping a run. Covered by tests/client/session/session_test.cc.
#include "apps/client/session/session.h"

#include "apps/client/session/interrupt.h"

namespace client {

void Session::stop(StopReason why) {
  if (stopped_for_ == StopReason::none) stopped_for_ = why;
  scope.stop();
}

StopReason Session::stop_reason() const {
  if (stopped_for_ != StopReason::none) return stopped_for_;
  return Interrupt::number() != 0 ? StopReason::interrupted : StopReason::none;
}

}  // namespace client
