// Covered by tests/client/command/credentials_test.cc.
#include "apps/client/command/credentials.h"

#include "parser/base64.h"

namespace client {

namespace {

std::string base64(std::string_view bytes) {
  std::string text(http1::base64_size(bytes.size()), '\0');
  http1::encode_base64({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}, text);
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
