// Values of the request field Authorization.
//
// Pure. Covered by tests/client/command/credentials_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace client {

// "Basic" and the Base64 of "name:password". A name without a colon has an empty password.
// RFC 7617 2.
[[nodiscard]] std::string basic_credentials(std::string_view name_and_password);

// "Bearer" and the token, in which white space and control bytes must have been refused.
// RFC 6750 2.1.
[[nodiscard]] std::string bearer_credentials(std::string_view token);

}  // namespace client
