// Reading PEM files of certificates, keys and revocation lists, for the sources of this library.
//
// A file is read whole before it is decoded, so that a message can tell a file that cannot be read
// from one that contains something else. Covered by tests/crypto/server_context_test.cc.
#pragma once

#include <string>
#include <vector>

#include "apps/crypto/owned.h"
#include "apps/crypto/problem.h"

namespace crypto {

// The largest file that is read: the certificates of all public authorities are 0.25 MiB.
inline constexpr std::size_t most_pem_bytes = 8 * 1024 * 1024;

// Reads a file into `bytes`. A failure has the kind `kind`.
Problem read_file(const std::string& path, Problem::Kind kind, std::string& bytes);

// Adds all certificates of a file, of which there is at least one, to `certificates`.
Problem read_certificates(const std::string& path, Problem::Kind kind,
                          std::vector<OwnedCertificate>& certificates);

// Reads a private key without a passphrase.
Problem read_key(const std::string& path, OwnedKey& key);

// Adds all revocation lists of a file, of which there is at least one, to `lists`.
Problem read_revocations(const std::string& path, std::vector<OwnedRevocations>& lists);

// Uses a certificate with its chain and its key in `context`, beside those for keys of other kinds.
// The first certificate of its file is that of the key.
Problem use_pair(SSL_CTX* context, const std::string& certificate_path,
                 const std::string& key_path);

}  // namespace crypto
