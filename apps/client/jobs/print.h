// Printing a text to standard output, as a job that shows something does.
//
// Covered by tests/client/jobs/head_test.cc and ls_test.cc.
#pragma once

#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Writes `text` to standard output: its bytes, or on a terminal their printable form. Fails with
// write_error, and the reason in channel.error.
[[nodiscard]] uring::Task<ExitCode> print(Channel& channel, const std::string& text);

}  // namespace client
