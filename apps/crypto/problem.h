// Problem: why certificates, keys or settings cannot be used, for a message to a person.
//
// Functions that read files or make contexts return one. Covered by
// tests/crypto/server_context_test.cc and client_context_test.cc.
#pragma once

#include <cstdint>
#include <string>

namespace crypto {

struct Problem {
  // The kinds that programs treat differently, for instance by an exit status.
  enum class Kind : std::uint8_t {
    none,
    certificate,  // a certificate or its key cannot be read or used
    authorities,  // a file of certificate authorities or of revoked certificates
    tickets,      // a file of ticket keys
    memory,       // memory or random bytes are exhausted
  };

  Kind kind = Kind::none;
  // One line without the program's name, such as "cannot read /etc/quoit/key.pem: Permission
  // denied".
  std::string text = {};

  // True: there is a problem.
  explicit operator bool() const { return kind != Kind::none; }
};

}  // namespace crypto
