// Passwords that people type, and the line for quoitd's file of users that has the hash of one.
//
// Covered by tests/client/local/password_test.cc and tests/client/run_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "apps/client/command/exit_code.h"

namespace client {

// The longest password that quoitd takes, in bytes.
inline constexpr std::size_t most_password_bytes = 511;

// Asks twice on the terminal, without showing what is typed, or reads the first line of a standard
// input that is no terminal. Fails with read_error or usage, or, after SIGINT, with interrupted.
[[nodiscard]] ExitReason ask_password(std::string& password);

// Asks once on the terminal, even where standard input is none, without showing what is typed.
// Fails with read_error, also where the process has no terminal, or with usage or interrupted.
[[nodiscard]] ExitReason ask_password_of(const std::string& user, std::string& password);

// Makes "NAME:HASH" and a line feed, with a hash of yescrypt, or of bcrypt where libcrypt has no
// yescrypt. Wipes `password`.
[[nodiscard]] ExitReason make_user_line(std::string_view name, std::string& password);

}  // namespace client
