// ClientTrust: which certificates of clients a server accepts, for the sources of this library.
//
// The authorities and the lists of revoked certificates of a ServerContext. The handshake checks a
// certificate by them. A resumed session has no certificate to check, and is bound to them instead:
// its ticket is of no use where the authorities, the lists or the setting differ, or once the
// certificate or a list has expired. The client then does a full handshake, without an error.
// Covered by tests/crypto/client_trust_test.cc.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "apps/crypto/digest.h"
#include "apps/crypto/owned.h"
#include "apps/crypto/problem.h"

namespace crypto {

struct ClientTrust {
  OwnedStore store;               // null: clients are not asked for certificates
  OwnedNameList authority_names;  // sent to clients, which choose a certificate by them
  bool is_required = false;       // a client without a certificate is refused
  // Digest of all that decides whether a certificate is accepted. The session id context.
  Sha256 id{};
  // The Unix time from which on one of the lists is too old, so that every certificate is refused.
  std::int64_t end_of_lists_s = std::numeric_limits<std::int64_t>::max();
};

// Reads the file of authorities, and that of revoked certificates if its path is not empty.
Problem read_client_trust(const std::string& authorities_path, const std::string& revocations_path,
                          bool is_required, ClientTrust& trust);

// Lets the handshakes of `context` verify clients by `trust`, which outlives it. Without a store,
// nothing changes. Problem: memory is exhausted.
Problem use_client_trust(SSL_CTX* context, const ClientTrust& trust);

// Verifies the certificate that the client of an established session has, with its chain.
bool is_trusted(const ClientTrust& trust, SSL* ssl);

}  // namespace crypto
