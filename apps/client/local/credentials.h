// The credentials of a run: those of --user, --token-file and --netrc, for the servers of its URLs.
//
// Covered by tests/client/local/credentials_test.cc and tests/client/run_test.cc.
#pragma once

#include "apps/client/command/plan.h"

namespace client {

// Gives each job's URL the value of Authorization that the settings have for its server; a URL with
// credentials of its own keeps those. Reads the files, and asks for a password on the terminal
// where --user has none. Fails with read_error where a file cannot be read or has no token, or
// there is no terminal to ask on; with usage for a name that cannot be sent; after SIGINT, with
// interrupted.
[[nodiscard]] ExitReason add_credentials(Plan& plan);

}  // namespace client
