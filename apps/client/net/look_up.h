// Looking up the addresses of a host.
//
// The system's resolver blocks for as long as the name servers need, which may be half a minute. It
// runs on a thread of its own, and the coroutine waits for the thread as it waits for a peer: a
// signal, --max-time and --connect-timeout end the wait. The thread is then left behind: it holds
// all that it uses, and the process may end around it. Covered by
// tests/client/net/look_up_test.cc.
#pragma once

#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/url.h"
#include "apps/client/net/addresses.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Finds the addresses of the host of `where` by channel.resolver, or without it for an IP address.
// Fails with cannot_resolve, timeout or interrupted.
[[nodiscard]] uring::Task<ExitCode> find_addresses(Channel& channel, const Url& where,
                                                   std::vector<Address>& found);

}  // namespace client
