// The way through a proxy to a server: the method CONNECT.
//
// Covered by tests/client/net/proxy_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/url.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Asks `proxy`, at the other end of the connection, for a connection to the server of `where`; the
// bytes that follow are that server's. Fails with cannot_connect where the proxy refuses with a
// status that may pass, such as 503, with proxy_refused where it refuses with any other, with
// weird_reply where it sends bytes of its own, and as transport.h says. RFC 9110 9.3.6.
[[nodiscard]] uring::Task<ExitCode> open_tunnel(Channel& channel, const Url& where,
                                                const Url& proxy);

}  // namespace client
