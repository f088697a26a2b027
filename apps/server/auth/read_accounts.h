// Reading the files of --users and --tokens, at the start and at each reload.
//
// Covered by tests/server/auth/read_accounts_test.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/auth/accounts.h"

namespace server {

// The bytes of a file at most: a line of 512 bytes for each of Accounts::most_accounts.
inline constexpr std::size_t most_accounts_bytes = 50 * 1024 * 1024;

// Reads both files, each of which may be an empty path, into `accounts`, which becomes null if both
// are. Adds sentences about files that other users can read, and about weak hashes, to `warnings`.
// Returns why a file cannot be used, with its name and line and without any hash.
[[nodiscard]] options::ExitReason read_accounts(const std::string& users, const std::string& tokens,
                                                std::shared_ptr<const Accounts>& accounts,
                                                std::vector<std::string>& warnings);

}  // namespace server
