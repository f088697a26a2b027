// The TLS handshake of a channel's connection. docs/decisions/0027-tls-of-the-client.md has the
// reasons for what is accepted. Covered by tests/client/net/secure_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/url.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Makes the connection of `channel`, which has just been opened to the server of `where`, a TLS
// connection. Fails with tls_failed, server_certificate, own_certificate, authorities, timeout or
// interrupted. The handshake may take the time of --connect-timeout.
[[nodiscard]] uring::Task<ExitCode> begin_tls(Channel& channel, const Url& where);

}  // namespace client
