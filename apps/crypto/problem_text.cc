// Texts of OpenSSL's error queue. Covered by tests/crypto/server_context_test.cc.
#include "apps/crypto/problem_text.h"

#include <openssl/err.h>

namespace crypto {

std::string take_error_text() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (error == 0) return "unknown error";
  const char* const reason = ERR_reason_error_string(error);
  if (reason) return reason;
  return "error " + std::to_string(ERR_GET_REASON(error)) + " of OpenSSL";
}

Problem out_of_memory() {
  ERR_clear_error();
  return {Problem::Kind::memory, "there is not enough memory for TLS"};
}

}  // namespace crypto
