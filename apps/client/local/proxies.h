// The proxies of a run, from the command line and the environment.
//
// Covered by tests/client/local/proxies_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"

namespace client {

// Fills settings.proxies: from --proxy and --noproxy, else from http_proxy (lower case only: in
// upper case it is a field of a CGI request), https_proxy, all_proxy and no_proxy, or the upper
// case of the last three. Fails with bad_url or unsupported_scheme.
[[nodiscard]] ExitReason add_proxies(Settings& settings);

}  // namespace client
