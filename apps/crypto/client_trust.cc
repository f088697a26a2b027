// A store of authorities and lists, and the check of tickets; X509_STORE_add_crl(3),
// SSL_CTX_set_verify(3) and SSL_CTX_set_session_ticket_cb(3). Covered by
// tests/crypto/client_trust_test.cc.
#include "apps/crypto/client_trust.h"

#include <algorithm>
#include <openssl/err.h>
#include <time.h>
#include <vector>

#include "apps/crypto/pem.h"
#include "apps/crypto/problem_text.h"
#include "apps/crypto/unix_time.h"

namespace crypto {

namespace {

using Certificates = std::vector<OwnedCertificate>;

// The names of authorities that a server sends have at most 65535 bytes (RFC 8446 section 4.2.4).
// Of so many that clients have to receive several records, none is sent, which means any.
constexpr int most_name_bytes = 32768;

// Adds the SHA-256 of the encoded object to `texts`.
template <class Object, class Digest>
void add_digest(const Object* object, Digest digest_of, std::string& texts) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  digest_of(object, EVP_sha256(), digest, &size);
  texts.append(reinterpret_cast<const char*>(digest), size);
}

// Whether an authority with the name of the list's issuer is in the file, and none of these has
// signed the list. The certificate of another issuer may arrive with that of a client.
bool is_forged(const Certificates& authorities, X509_CRL* list) {
  bool is_known = false;
  for (const OwnedCertificate& authority : authorities) {
    const X509_NAME* const name = X509_get_subject_name(authority.get());
    if (X509_NAME_cmp(name, X509_CRL_get_issuer(list)) != 0) continue;
    is_known = true;
    if (X509_CRL_verify(list, X509_get0_pubkey(authority.get())) == 1) return false;
  }
  ERR_clear_error();
  return is_known;
}

// Adds the lists of a file to the store, with the check of each client's own certificate by them.
Problem add_lists(const std::string& path, const Certificates& authorities, ClientTrust& trust,
                  std::string& texts) {
  std::vector<OwnedRevocations> lists;
  if (Problem problem = read_revocations(path, lists)) return problem;
  for (const OwnedRevocations& list : lists) {
    if (is_forged(authorities, list.get())) {
      return {Problem::Kind::authorities,
              path +
                  " has a list that its authority has not signed; make it anew with the key of "
                  "that authority"};
    }
    const ASN1_TIME* const end = X509_CRL_get0_nextUpdate(list.get());
    if (end) trust.end_of_lists_s = std::min(trust.end_of_lists_s, unix_time_of(end));
    add_digest(list.get(), X509_CRL_digest, texts);
    if (X509_STORE_add_crl(trust.store.get(), list.get()) != 1) return out_of_memory();
  }
  X509_STORE_set_flags(trust.store.get(), X509_V_FLAG_CRL_CHECK);
  return {};
}

Problem add_authorities(const Certificates& authorities, ClientTrust& trust, std::string& texts) {
  int bytes = 0;
  for (const OwnedCertificate& authority : authorities) {
    const X509_NAME* const name = X509_get_subject_name(authority.get());
    X509_NAME* const copy = X509_NAME_dup(name);
    if (!copy || sk_X509_NAME_push(trust.authority_names.get(), copy) == 0) {
      X509_NAME_free(copy);
      return out_of_memory();
    }
    bytes += i2d_X509_NAME(name, nullptr) + 2;
    add_digest(authority.get(), X509_digest, texts);
    if (X509_STORE_add_cert(trust.store.get(), authority.get()) != 1) return out_of_memory();
  }
  if (bytes > most_name_bytes) trust.authority_names.reset();
  return {};
}

bool has_expired(const X509* certificate) {
  return unix_time_of(X509_get0_notAfter(certificate)) <= ::time(nullptr);
}

// SSL_CTX_set_session_ticket_cb(3): a ticket that is not used makes the handshake a full one.
SSL_TICKET_RETURN judge_ticket(SSL* /*ssl*/, SSL_SESSION* session, const unsigned char* /*name*/,
                               std::size_t /*size*/, SSL_TICKET_STATUS status,
                               void* trust_pointer) {
  const auto& trust = *static_cast<const ClientTrust*>(trust_pointer);
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  const X509* const certificate = SSL_SESSION_get0_peer(session);
  const bool is_over =
      certificate && (has_expired(certificate) || trust.end_of_lists_s <= ::time(nullptr));
  if (is_over) return SSL_TICKET_RETURN_IGNORE_RENEW;
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

Problem read_client_trust(const std::string& authorities_path, const std::string& revocations_path,
                          bool is_required, ClientTrust& trust) {
  Certificates authorities;
  constexpr auto kind = Problem::Kind::authorities;
  if (Problem problem = read_certificates(authorities_path, kind, authorities)) return problem;
  trust.store.reset(X509_STORE_new());
  trust.authority_names.reset(sk_X509_NAME_new_null());
  trust.is_required = is_required;
  if (!trust.store || !trust.authority_names) return out_of_memory();
  std::string texts = is_required ? "required " : "optional ";
  if (Problem problem = add_authorities(authorities, trust, texts)) return problem;
  if (!revocations_path.empty()) {
    if (Problem problem = add_lists(revocations_path, authorities, trust, texts)) return problem;
  }
  return sha256(texts, trust.id) ? Problem{} : out_of_memory();
}

Problem use_client_trust(SSL_CTX* context, const ClientTrust& trust) {
  if (!trust.store) return {};
  SSL_CTX_set1_cert_store(context, trust.store.get());
  if (trust.authority_names) {
    STACK_OF(X509_NAME)* const names = SSL_dup_CA_list(trust.authority_names.get());
    if (!names) return out_of_memory();
    SSL_CTX_set_client_CA_list(context, names);
  }
  const int required = trust.is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  SSL_CTX_set_session_id_context(context, trust.id.data(), sizeof trust.id);
  SSL_CTX_set_session_ticket_cb(context, nullptr, judge_ticket, const_cast<ClientTrust*>(&trust));
  return {};
}

bool is_trusted(const ClientTrust& trust, SSL* ssl) {
  ERR_clear_error();
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  const bool is_fine = check && certificate && trust.store &&
                       X509_STORE_CTX_init(check.get(), trust.store.get(), certificate,
                                           SSL_get_peer_cert_chain(ssl)) == 1 &&
                       X509_STORE_CTX_set_default(check.get(), "ssl_client") == 1 &&
                       X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return is_fine;
}

}  // namespace crypto
