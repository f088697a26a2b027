// The name in the certificate of a client, for rules and logs.
//
// Covered by tests/crypto/client_trust_test.cc.
#pragma once

#include <openssl/x509.h>
#include <string>

namespace crypto {

// The first e-mail address of the certificate's alternative names, else the first DNS name there,
// else the common name of its subject; empty if it has none of them. The name is one word: white
// space, control bytes and `%` are written as %20 and the like, so that no two names are alike.
// Throws std::bad_alloc.
std::string name_of_client(const X509* certificate);

}  // namespace crypto
