// Making a token: the command `quoitd token NAME`.
//
// Covered by tests/server/auth/token_test.cc and tests/end_to_end/auth_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "apps/options/exit_reason.h"

namespace server {

// A new token, which is 32 random bytes in base64url (RFC 4648 section 5), and its line for the
// file of --tokens, for `name`, as text for standard output; or why there can be none.
[[nodiscard]] options::ExitReason make_token(std::string_view name);

}  // namespace server
