// The two schemes. Covered by tests/server/plan/credentials_test.cc and
// fuzz/credentials_fuzzer.cc.
#include "apps/server/plan/credentials.h"

#include <algorithm>
#include <optional>

#include "parser/base64.h"
#include "parser/fields.h"

namespace server {

namespace {

// RFC 7617 section 2: neither the user nor the password has control characters.
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

bool take_basic(std::string_view text, std::span<char> buffer, Credentials& credentials) {
  const std::optional<std::string_view> plain = http1::decode_base64(text, buffer, true);
  if (!plain || has_control(*plain)) return false;
  const std::size_t colon = plain->find(':');
  if (colon == std::string_view::npos || colon > most_name_bytes) return false;
  if (plain->size() - colon - 1 > most_secret_bytes) return false;
  credentials = {.scheme = Credentials::Scheme::basic,
                 .user = plain->substr(0, colon),
                 .secret = plain->substr(colon + 1)};
  return true;
}

// RFC 6750 section 2.1: b64token.
bool take_bearer(std::string_view text, Credentials& credentials) {
  std::string_view digits = text;
  while (digits.ends_with('=')) digits.remove_suffix(1);
  const bool is_token = std::all_of(digits.begin(), digits.end(), [](char c) {
    return http1::is_base64_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
  });
  if (digits.empty() || !is_token || text.size() > most_secret_bytes) return false;
  credentials = {.scheme = Credentials::Scheme::bearer, .user = {}, .secret = text};
  return true;
}

}  // namespace

bool parse_credentials(std::string_view value, std::span<char> buffer, Credentials& credentials) {
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view scheme = value.substr(0, space);
  const std::size_t begin = value.find_first_not_of(' ', space);
  if (begin == std::string_view::npos) return false;
  const std::string_view text = value.substr(begin);
  if (http1::equal_ignoring_case(scheme, "Basic")) return take_basic(text, buffer, credentials);
  if (http1::equal_ignoring_case(scheme, "Bearer")) return take_bearer(text, credentials);
  return false;
}

}  // namespace server
