// The jobs that the command line can ask for. Each is a coroutine over the session's connection
// that returns how it went, with the reason of a failure in session.complaint.
// Covered by tests/client/get_test.cc and put_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/session.h"
#include "uring/task.h"

namespace client {

[[nodiscard]] uring::Task<ExitCode> get(Session& session, const Job& job);     // get.cc
[[nodiscard]] uring::Task<ExitCode> head(Session& session, const Job& job);    // get.cc
[[nodiscard]] uring::Task<ExitCode> remove(Session& session, const Job& job);  // get.cc
[[nodiscard]] uring::Task<ExitCode> put(Session& session, const Job& job);     // put.cc

}  // namespace client
