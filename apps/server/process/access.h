// Users and tokens at the start and at a reload: their files, and what to be careful about.
//
// Used by the main thread. Covered by tests/end_to_end/auth_test.cc and
// tests/server/process/access_test.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/config/config.h"
#include "apps/server/connection/generation.h"

namespace server {

// Refuses the file `path` that `option` names, if it is below ROOT, where clients may be able to
// read it. An empty path is none.
[[nodiscard]] options::ExitReason check_place(const Config& config, const std::string& option,
                                              const std::string& path);

// Reads the files of --users and --tokens into `accounts`, which becomes null without them. Prints
// warnings: a file that others can read, a weak hash, a rule for a name that neither file has.
// Returns why a file cannot be used; a file below ROOT would be served.
[[nodiscard]] options::ExitReason load_accounts(const Config& config,
                                                std::shared_ptr<const Accounts>& accounts);

// For --check-config: why a file that `config` names cannot be used, or nothing.
[[nodiscard]] options::ExitReason check_files(const Config& config);

// Whether passwords travel in clear to the address of that URL: it is plain HTTP, and neither a
// unix socket nor an address of the loopback network.
[[nodiscard]] bool carries_passwords_in_clear(std::string_view url);

// Warns about such an address if `config` has users or tokens and trusts no proxy, which may add
// TLS.
void warn_about_clear_passwords(const Config& config, const std::vector<std::string>& urls);

// Keeps the memory of this process, which contains passwords or private keys, out of core files and
// from other processes of the user. Before the sandbox.
void protect_memory();

}  // namespace server
