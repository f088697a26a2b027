// One job of the command line, with the tries that --retry allows.
//
// Covered by tests/client/jobs/do_job_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Does the job over `channel`, which it connects itself; a try that fails for a reason that may
// pass is repeated after a pause. Returns how the last try ended; the reason of a failure is in
// channel.error. The channel and the job outlive the coroutine. A signal and --max-time end a
// pause.
[[nodiscard]] uring::Task<ExitCode> do_job(Channel& channel, const Job& job);

}  // namespace client
