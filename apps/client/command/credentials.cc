// Covered by tests/client/command/credentials_test.cc.
#include "apps/client/command/credentials.h"

#include <cstddef>
#include <cstdint>

namespace client {

namespace {

// RFC 4648 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const char byte = at + i < bytes.size() ? bytes[at + i] : '\0';
      three = three << 8 | static_cast<unsigned char>(byte);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const bool padding = at + i > bytes.size();
      text += padding ? '=' : alphabet[three >> (18 - 6 * i) & 63];
    }
  }
  return text;
}

}  // namespace

std::string basic_credentials(std::string_view name_and_password) {
  std::string plain(name_and_password);
  if (plain.find(':') == std::string::npos) plain += ':';
  return "Basic " + base64(plain);
}

std::string bearer_credentials(std::string_view token) { return "Bearer " + std::string(token); }

}  // namespace client
