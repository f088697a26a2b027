// Base64 and the two schemes. Covered by tests/server/plan/credentials_test.cc and
// fuzz/credentials_fuzzer.cc.
#include "apps/server/plan/credentials.h"

#include <algorithm>
#include <array>
#include <optional>

#include "parser/fields.h"

namespace server {

namespace {

constexpr std::uint8_t no_digit = 255;

// The value of each digit of Base64, RFC 4648 section 4.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = no_digit;
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

// Decodes Base64 with its padding into `buffer`. Empty: `text` is malformed, in another form than
// the one that encoders write, or too long for the buffer.
std::optional<std::string_view> decode_base64(std::string_view text, std::span<char> buffer) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() * 3 / 4 > buffer.size()) return std::nullopt;
  std::uint32_t bits = 0;
  unsigned count = 0;  // of the bits that are not written yet
  std::size_t size = 0;
  for (const char c : text) {
    const std::uint8_t value = digit_values[static_cast<unsigned char>(c)];
    if (value == no_digit) return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    buffer[size++] = static_cast<char>(bits >> count & 255);
    bits &= (1U << count) - 1;
  }
  if (bits != 0) return std::nullopt;
  return std::string_view(buffer.data(), size);
}

// RFC 7617 section 2: neither the user nor the password has control characters.
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

bool take_basic(std::string_view text, std::span<char> buffer, Credentials& credentials) {
  const std::optional<std::string_view> plain = decode_base64(text, buffer);
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
    return digit_values[static_cast<unsigned char>(c)] != no_digit || c == '-' || c == '.' ||
           c == '_' || c == '~';
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
