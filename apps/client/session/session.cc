// Stopping a run. Covered by tests/client/session/session_test.cc.
#include "apps/client/session/session.h"

namespace client {

void Session::stop(StopReason why) {
  if (!stopping()) stop_reason = why;
  scope.stop();
}

}  // namespace client
