// Contexts of OpenSSL, one for each set of names, and the callbacks that choose one by name, a
// protocol by ALPN, and a key for tickets. Options, modes and callbacks are equal in all of them,
// because SSL_set_SSL_CTX(3) changes little more than the certificate.
// Covered by tests/crypto/server_context_test.cc.
#include "apps/crypto/server_context.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <time.h>
#include <utility>

#include "apps/crypto/client_trust.h"
#include "apps/crypto/context_settings.h"
#include "apps/crypto/pem.h"
#include "apps/crypto/problem_text.h"
#include "apps/crypto/server_names.h"
#include "apps/crypto/unix_time.h"

namespace crypto {

struct ServerContext::Parts {
  std::vector<OwnedContext> contexts;  // the first one is for unknown names
  ServerNames names;                   // to indices of `contexts`
  ClientTrust clients;
  std::shared_ptr<TicketKeys> ticket_keys;
  bool has_slow_keys = false;
  std::string identity;  // digests of all certificates, and the settings
  std::int64_t end_of_validity_s = std::numeric_limits<std::int64_t>::max();
  std::string first_to_end;
};

namespace {

// --- Callbacks of OpenSSL ---

// Chooses the certificate by the name that the client asks for.
int choose_certificate(SSL* ssl, int* /*alert*/, void* parts_pointer) {
  const auto& parts = *static_cast<const ServerContext::Parts*>(parts_pointer);
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const std::size_t index = name ? parts.names.find(name) : ServerNames::none;
  if (index == ServerNames::none) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, parts.contexts[index].get());
  return SSL_TLSEXT_ERR_OK;
}

// Chooses "http/1.1", else "http/1.0", from the list of the client, in which a byte of length
// precedes each name. RFC 7301 section 3.2: a list with neither ends the handshake with an alert.
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* list, unsigned size, void* /*unused*/) {
  static constexpr unsigned char known[] = "\x08http/1.1\x08http/1.0";
  unsigned char* found = nullptr;
  const int outcome =
      SSL_select_next_proto(&found, chosen_size, known, sizeof known - 1, list, size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::int64_t monotonic_s() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

// Prepares the ciphers for a ticket with a key. False: memory is exhausted.
bool use_key(const TicketKey& key, const unsigned char* iv, bool encrypts, EVP_CIPHER_CTX* cipher,
             EVP_MAC_CTX* mac) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(
          OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.hmac_key.data()), key.hmac_key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return false;
  const EVP_CIPHER* const aes = EVP_aes_256_cbc();
  return encrypts ? EVP_EncryptInit_ex(cipher, aes, nullptr, key.aes_key.data(), iv) == 1
                  : EVP_DecryptInit_ex(cipher, aes, nullptr, key.aes_key.data(), iv) == 1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 is success, 2 that the client gets a new ticket, 0
// that no key fits or no ticket is made, and a negative value ends the handshake.
int choose_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac, int encrypts) {
  auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (encrypts != 0) {
    TicketKey key = keys.current(monotonic_s());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return 0;
    std::memcpy(name, key.name.data(), key.name.size());
    const bool is_ready = use_key(key, iv, true, cipher, mac);
    OPENSSL_cleanse(&key, sizeof key);
    return is_ready ? 1 : 0;
  }
  TicketKey key;
  const TicketKeys::Found found = keys.find(name, monotonic_s(), key);
  if (found == TicketKeys::Found::none) return 0;
  const bool is_ready = use_key(key, iv, false, cipher, mac);
  OPENSSL_cleanse(&key, sizeof key);
  if (!is_ready) return 0;
  return found == TicketKeys::Found::current ? 1 : 2;
}

// --- Certificates ---

// The DNS names of a certificate, sorted. RFC 9110 section 4.3.4: the common name of the subject
// does not count.
std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const OwnedNames list(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(list.get(), i);
    if (name->type != GEN_DNS) continue;
    const ASN1_IA5STRING* const text = name->d.dNSName;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Adds the digests of a certificate and its chain.
void add_identity(SSL_CTX* context, std::string& identity) {
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  const X509* certificate = SSL_CTX_get0_certificate(context);
  for (int i = 0; certificate; ++i) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &size);
    identity.append(digest.begin(), digest.begin() + size);
    certificate = i < sk_X509_num(chain) ? sk_X509_value(chain, i) : nullptr;
  }
}

bool is_slow(const EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  return kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS;
}

OwnedContext new_server_context(const ServerSettings& settings) {
  OwnedContext context = new_context(TLS_server_method(), settings.least);
  if (!context) return context;
  SSL_CTX* const it = context.get();
  SSL_CTX_set_options(it, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_timeout(it, TicketKeys::lifetime_s);
  SSL_CTX_set_alpn_select_cb(it, choose_protocol, nullptr);
  SSL_CTX_set_app_data(it, settings.ticket_keys.get());
  SSL_CTX_set_tlsext_ticket_key_evp_cb(it, choose_ticket_key);
  constexpr unsigned char id[] = "quoit";
  SSL_CTX_set_session_id_context(it, id, sizeof id - 1);
  return context;
}

// Adds a pair to the context of its names, or makes one for them. `known` has the contexts and the
// kinds of their keys by names.
using Known = std::map<std::vector<std::string>, std::pair<std::size_t, std::vector<int>>>;

Problem add_pair(const ServerSettings& settings, const KeyPair& pair, Known& known,
                 ServerContext::Parts& parts) {
  OwnedContext context = new_server_context(settings);
  if (!context) return out_of_memory();
  if (Problem problem = use_client_trust(context.get(), parts.clients)) return problem;
  if (Problem problem = use_pair(context.get(), pair.certificate_path, pair.key_path)) {
    return problem;
  }
  add_identity(context.get(), parts.identity);
  const X509* const certificate = SSL_CTX_get0_certificate(context.get());
  const EVP_PKEY* const key = SSL_CTX_get0_privatekey(context.get());
  const std::int64_t end_s = unix_time_of(X509_get0_notAfter(certificate));
  if (end_s < parts.end_of_validity_s) {
    parts.end_of_validity_s = end_s;
    parts.first_to_end = pair.certificate_path;
  }
  parts.has_slow_keys = parts.has_slow_keys || is_slow(key);
  const std::vector<std::string> names = names_of(certificate);
  const int kind = EVP_PKEY_get_base_id(key);
  const auto same = known.find(names);
  if (same != known.end()) {
    auto& [index, kinds] = same->second;
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return {};  // never chosen
    kinds.push_back(kind);
    return use_pair(parts.contexts[index].get(), pair.certificate_path, pair.key_path);
  }
  const std::size_t index = parts.contexts.size();
  for (const std::string& name : names) parts.names.add(name, index);
  parts.contexts.push_back(std::move(context));
  known.emplace(names, std::pair(index, std::vector{kind}));
  return {};
}

}  // namespace

std::shared_ptr<const ServerContext> ServerContext::make(const ServerSettings& settings,
                                                         Problem& problem) {
  auto parts = std::make_unique<Parts>();
  parts->ticket_keys = settings.ticket_keys;
  parts->identity = settings.least == TlsVersion::tls_1_3 ? "1.3 " : "1.2 ";
  if (!settings.client_authorities_path.empty()) {
    problem = read_client_trust(settings.client_authorities_path, settings.revocations_path,
                                settings.requires_client_certificate, parts->clients);
    if (problem) return nullptr;
    parts->identity.append(parts->clients.id.begin(), parts->clients.id.end());
  }
  Known known;
  for (const KeyPair& pair : settings.pairs) {
    problem = add_pair(settings, pair, known, *parts);
    if (problem) return nullptr;
  }
  for (const OwnedContext& context : parts->contexts) {
    SSL_CTX_set_tlsext_servername_callback(context.get(), choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(context.get(), parts.get());
  }
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(parts)));
}

ServerContext::ServerContext(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

ServerContext::~ServerContext() = default;

std::unique_ptr<TlsSession> ServerContext::new_session() const {
  const SessionParts parts = new_session_parts(parts_->contexts.front().get());
  if (!parts.ssl) return nullptr;
  SSL_set_accept_state(parts.ssl);
  try {
    return std::unique_ptr<TlsSession>(new TlsSession(parts.ssl, parts.bio, shared_from_this()));
  } catch (const std::bad_alloc&) {
    SSL_free(parts.ssl);
    return nullptr;
  }
}

bool ServerContext::has_slow_keys() const { return parts_->has_slow_keys; }

const std::shared_ptr<TicketKeys>& ServerContext::ticket_keys() const {
  return parts_->ticket_keys;
}

const std::string& ServerContext::identity() const { return parts_->identity; }

bool ServerContext::accepts(TlsSession& session) const {
  const void* const accepted_by =
      session.accepted_by_ ? session.accepted_by_.get() : session.owner_.get();
  const Parts& before = *static_cast<const ServerContext*>(accepted_by)->parts_;
  if (before.clients.id == parts_->clients.id) return true;
  if (!is_trusted(parts_->clients, session.ssl_)) return false;
  session.accepted_by_ = shared_from_this();
  return true;
}

std::int64_t ServerContext::end_of_revocations_s() const { return parts_->clients.end_of_lists_s; }

std::int64_t ServerContext::end_of_validity_s() const { return parts_->end_of_validity_s; }

const std::string& ServerContext::first_to_end() const { return parts_->first_to_end; }

}  // namespace crypto
