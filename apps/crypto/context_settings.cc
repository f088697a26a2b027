// Versions, ciphers and groups, after the configuration "intermediate" of Mozilla's guidelines 5.8.
// AES-128 comes first, because AES-256 costs a tenth more and is not what an attacker breaks.
// Covered by tests/crypto/server_context_test.cc and client_context_test.cc.
#include "apps/crypto/context_settings.h"

#include <openssl/err.h>

#include "apps/crypto/tls_bio.h"

namespace crypto {

namespace {

constexpr const char* suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* ciphers_of_1_2 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// A library that does not know the hybrid group, as those before 3.5, refuses the whole list.
bool set_groups(SSL_CTX* context) {
  if (SSL_CTX_set1_groups_list(context, "X25519MLKEM768:X25519:P-256:P-384") == 1) return true;
  ERR_clear_error();
  return SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
}

}  // namespace

OwnedContext new_context(const SSL_METHOD* method, TlsVersion least) {
  OwnedContext context(SSL_CTX_new(method));
  if (!context) return context;
  SSL_CTX* const it = context.get();
  const int version = least == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  const bool is_set = SSL_CTX_set_min_proto_version(it, version) == 1 &&
                      SSL_CTX_set_ciphersuites(it, suites) == 1 &&
                      SSL_CTX_set_cipher_list(it, ciphers_of_1_2) == 1 && set_groups(it);
  SSL_CTX_set_options(it, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle session then has 14 KB of memory instead of 47 KB.
  SSL_CTX_set_mode(it, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                           SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(it, SSL_SESS_CACHE_OFF);
  if (!is_set) context.reset();
  return context;
}

SessionParts new_session_parts(SSL_CTX* context) {
  ERR_clear_error();
  SessionParts parts{.ssl = SSL_new(context), .bio = new_tls_bio()};
  if (!parts.ssl || !parts.bio) {
    SSL_free(parts.ssl);
    BIO_free(parts.bio);
    ERR_clear_error();
    return {};
  }
  SSL_set_bio(parts.ssl, parts.bio, parts.bio);  // ssl owns it from here on
  return parts;
}

}  // namespace crypto
