// Trust, host names and the client's own certificate; SSL_CTX_load_verify_locations(3) and
// SSL_set1_host(3). Covered by tests/crypto/client_context_test.cc.
#include "apps/crypto/client_context.h"

#include <cstdlib>
#include <new>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <utility>
#include <vector>

#include "apps/crypto/context_settings.h"
#include "apps/crypto/pem.h"
#include "apps/crypto/problem_text.h"

namespace crypto {

namespace {

constexpr auto authorities = Problem::Kind::authorities;

// Trusts the certificates of a file. Read here and not by OpenSSL, for a better message.
Problem trust_file(SSL_CTX* context, const std::string& path) {
  std::vector<OwnedCertificate> trusted;
  if (Problem problem = read_certificates(path, authorities, trusted)) return problem;
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const OwnedCertificate& certificate : trusted) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) return out_of_memory();
  }
  return {};
}

// The value of an environment variable; empty if it is not set.
std::string variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): at the start
  return value ? value : "";
}

// OpenSSL would read SSL_CERT_FILE itself, but would ignore a file that cannot be read, and would
// still trust the directory of the system.
Problem trust_system(SSL_CTX* context) {
  const std::string file = variable("SSL_CERT_FILE");
  if (!file.empty()) {
    if (Problem problem = trust_file(context, file)) {
      problem.text += " (SSL_CERT_FILE)";
      return problem;
    }
    const std::string directory = variable("SSL_CERT_DIR");
    if (directory.empty()) return {};
    if (X509_STORE_load_path(SSL_CTX_get_cert_store(context), directory.c_str()) == 1) return {};
    return {authorities,
            "cannot use the directory " + directory + " (SSL_CERT_DIR): " + take_error_text()};
  }
  if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
  return {authorities,
          "cannot use the certificate authorities of the system: " + take_error_text()};
}

// RFC 7301 section 3.1: a byte of length precedes each name.
void offer_protocols(SSL_CTX* context, const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& name : protocols) {
    list += static_cast<char>(name.size());
    list += name;
  }
  if (list.empty()) return;
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(list.data()),
                          static_cast<unsigned>(list.size()));
}

Problem prepare(SSL_CTX* context, const ClientSettings& settings) {
  if (settings.most == TlsVersion::tls_1_2) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (settings.verifies) {
    Problem problem = settings.authorities_path.empty()
                          ? trust_system(context)
                          : trust_file(context, settings.authorities_path);
    if (problem) return problem;
  }
  SSL_CTX_set_verify(context, settings.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (settings.certificate_path.empty()) return {};
  const bool has_key = !settings.key_path.empty();
  return use_pair(context, settings.certificate_path,
                  has_key ? settings.key_path : settings.certificate_path);
}

// Lets the session check that the certificate is for `host`, and send its name to the server (SNI,
// RFC 6066 section 3, which has no numeric addresses).
bool set_host(SSL* ssl, const std::string& host, bool verifies) {
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
  ERR_clear_error();
  if (is_address) return true;
  if (SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) return false;
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return !verifies || SSL_set1_host(ssl, host.c_str()) == 1;
}

// Offers the ticket of an earlier connection. A copy of it, because OpenSSL gives up a session
// whose connection ends without close_notify.
void resume(const SSL* before, SSL* next) {
  const SSL_SESSION* const ticket = SSL_get_session(before);
  if (!ticket || SSL_SESSION_is_resumable(ticket) != 1) return;
  SSL_SESSION* const copy = SSL_SESSION_dup(ticket);
  SSL_set_session(next, copy);  // has a reference of its own
  SSL_SESSION_free(copy);
}

}  // namespace

std::shared_ptr<const ClientContext> ClientContext::make(const ClientSettings& settings,
                                                         Problem& problem) {
  OwnedContext context = new_context(TLS_client_method(), settings.least);
  problem = context ? prepare(context.get(), settings) : out_of_memory();
  if (problem) return nullptr;
  offer_protocols(context.get(), settings.protocols);
  std::shared_ptr<ClientContext> made(new ClientContext(context.get(), settings.verifies));
  [[maybe_unused]] SSL_CTX* const owned_by_made = context.release();
  return made;
}

ClientContext::~ClientContext() { SSL_CTX_free(context_); }

std::unique_ptr<TlsSession> ClientContext::new_session(const std::string& host,
                                                       const TlsSession* before) const {
  const SessionParts parts = new_session_parts(context_);
  if (!parts.ssl) return nullptr;
  SSL_set_connect_state(parts.ssl);
  if (before) resume(before->ssl_, parts.ssl);
  try {
    std::string name = host;
    if (set_host(parts.ssl, host, verifies_)) {
      std::unique_ptr<TlsSession> session(new TlsSession(parts.ssl, parts.bio, shared_from_this()));
      session->host_ = std::move(name);
      return session;
    }
  } catch (const std::bad_alloc&) {
  }
  ERR_clear_error();
  SSL_free(parts.ssl);
  return nullptr;
}

}  // namespace crypto
