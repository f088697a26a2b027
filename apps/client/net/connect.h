// Connecting a channel to the server of a URL, unless it is connected there already.
//
// The addresses of a host are tried one after the other, each for the time of --connect-timeout. An
// attempt that takes longer than 250 ms goes on while the next address is tried; the first
// connection is used. RFC 8305. Covered by tests/client/net/connect_test.cc.
#pragma once

#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/url.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// The other end of the connection for `where`: "host:port" of the server, or of the proxy for
// http://; "host:port by the proxy host:port" for https://; or the unix socket's path.
[[nodiscard]] std::string server_for(const Settings& settings, const Url& where);

// Connects the channel to the server of `where`; an existing connection there is kept, and one to
// another server is closed. Fails with cannot_resolve, cannot_connect, timeout or interrupted.
[[nodiscard]] uring::Task<ExitCode> connect(Channel& channel, const Url& where);

}  // namespace client
