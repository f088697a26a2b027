// Settings that server and client contexts have in common, for the sources of this library.
//
// Covered by tests/crypto/server_context_test.cc and client_context_test.cc.
#pragma once

#include "apps/crypto/owned.h"
#include "apps/crypto/tls_version.h"

namespace crypto {

// A context for servers or for clients with the versions, ciphers, groups and modes that both have;
// null if memory is exhausted.
OwnedContext new_context(const SSL_METHOD* method, TlsVersion least);

// The SSL and BIO objects of a new session.
struct SessionParts {
  SSL* ssl = nullptr;  // null: memory is exhausted
  BIO* bio = nullptr;
};
SessionParts new_session_parts(SSL_CTX* context);

}  // namespace crypto
