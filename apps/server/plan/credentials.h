// Credentials: a user and a secret, as the Authorization field of a request contains them. Pure.
//
// Basic (RFC 7617) and Bearer (RFC 6750). Whether they are right is decided in auth/. Covered by
// tests/server/plan/credentials_test.cc and fuzz/credentials_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "apps/server/plan/rules.h"

namespace server {

// bcrypt evaluates 72 bytes of a password, and crypt(3) refuses more than 511.
inline constexpr std::size_t most_secret_bytes = 511;
// The size of the buffer for parse_credentials().
inline constexpr std::size_t credentials_buffer_bytes = most_name_bytes + 1 + most_secret_bytes;

struct Credentials {
  enum class Scheme : std::uint8_t { basic, bearer };
  Scheme scheme = Scheme::basic;
  std::string_view user;    // of Basic; may be empty
  std::string_view secret;  // the password or the token
};

// Reads the value of an Authorization field into `credentials`, whose members are views of `value`
// or of `buffer`, which has credentials_buffer_bytes. False: the value is malformed, of another
// scheme, or has a user or secret beyond the limits; then `credentials` is unchanged.
[[nodiscard]] bool parse_credentials(std::string_view value, std::span<char> buffer,
                                     Credentials& credentials);

}  // namespace server
