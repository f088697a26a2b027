// Connecting to the server of a URL, or keeping the connection there is.
//
// The addresses of a host are tried in the resolver's order, each for the time of
// --connect-timeout. Covered by tests/client/program_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/url.h"
#include "apps/client/session.h"
#include "uring/task.h"

namespace client {

// What the connection for `where` leads to: "host:port", or the unix socket's path.
[[nodiscard]] std::string server_for(const Settings& settings, const Location& where);

// Makes session.connection lead there. Fails with cannot_resolve, cannot_connect or timeout.
[[nodiscard]] uring::Task<ExitCode> connect(Session& session, const Location& where);

}  // namespace client
