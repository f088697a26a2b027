// Random bytes, their text and its digest. Covered by tests/server/auth/token_test.cc.
#include "apps/server/auth/token.h"

#include <array>
#include <cstdint>
#include <sys/random.h>

#include "apps/crypto/digest.h"
#include "apps/server/plan/rules.h"
#include "parser/hex.h"

namespace server {

namespace {

// 32 bytes in 43 digits, without padding.
std::string base64url(const std::array<unsigned char, 32>& bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    count += 8;
    for (; count >= 6; count -= 6) text += digits[bits >> (count - 6) & 63];
  }
  return text + digits[bits << (6 - count) & 63];
}

}  // namespace

options::ExitReason make_token(std::string_view name) {
  if (!is_user_name(name)) {
    return {EX_USAGE,
            "this is no name for a token: it has white space, a colon or a control byte, more than "
            "255 bytes, or is 'anyone' or 'users'"};
  }
  std::array<unsigned char, 32> bytes{};
  crypto::Sha256 digest{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return {EX_OSERR, "the system has no random bytes"};
  }
  const std::string token = base64url(bytes);
  if (!crypto::sha256(token, digest)) return {EX_OSERR, "there is not enough memory"};
  std::string line = std::string(name) + ":";
  for (const unsigned char byte : digest) {
    std::array<char, 2> digits{};
    http1::write_hex_byte(digits.data(), byte);
    line.append(digits.data(), digits.size());
  }
  return {.text = "the token, which is shown only now:\n" + token +
                  "\nits line for the file of --tokens:\n" + line + "\n"};
}

}  // namespace server
