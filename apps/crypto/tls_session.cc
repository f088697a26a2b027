// The calls of OpenSSL for one connection: SSL_do_handshake(3), SSL_read_ex(3), SSL_write_ex(3) and
// SSL_shutdown(3). OpenSSL's queue of errors is one for each thread, so that each call here empties
// it before and reads it after. Covered by tests/crypto/tls_session_test.cc.
#include "apps/crypto/tls_session.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <openssl/err.h>
#include <utility>

#include "apps/crypto/certificate_name.h"
#include "apps/crypto/owned.h"
#include "apps/crypto/problem_text.h"
#include "apps/crypto/tls_bio.h"

namespace crypto {

namespace {

// Lends the buffers of a call to the BIO, with an empty queue of errors.
class Lent {
 public:
  Lent(BIO* bio, TlsBuffers& buffers) : bio_(bio) {
    ERR_clear_error();
    use_buffers(bio, &buffers);
  }
  ~Lent() { use_buffers(bio_, nullptr); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

 private:
  BIO* const bio_;
};

// Whether an alert is about the certificate of the side that receives it (RFC 8446 section 6.2).
bool is_about_certificate(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

// The name of an alert. SSL_alert_desc_string_long(3) of OpenSSL 3.0 does not know all of them.
const char* name_of_alert(int alert) {
  if (alert == SSL_AD_CERTIFICATE_REQUIRED) return "certificate required";
  return SSL_alert_desc_string_long(alert);
}

// Reasons from here on are alerts of the peer: SSL_R_SSLV3_ALERT_* and SSL_R_TLSV1_ALERT_*.
constexpr int first_alert = SSL_AD_REASON_OFFSET;

}  // namespace

TlsSession::~TlsSession() { SSL_free(ssl_); }

void TlsSession::fail(TlsFault fault, std::string text) {
  fault_ = fault;
  failure_ = std::move(text);
}

// Why the certificate of the peer was not accepted.
std::string TlsSession::describe_certificate() const {
  const long result = SSL_get_verify_result(ssl_);
  if (result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return "the certificate is not for " + host_;
  }
  if (result == X509_V_OK) return "the peer has sent no certificate";
  return std::string("the certificate is not valid: ") + X509_verify_cert_error_string(result);
}

CertificateFault TlsSession::certificate_fault() const {
  switch (SSL_get_verify_result(ssl_)) {
    case X509_V_OK: return CertificateFault::missing;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return CertificateFault::expired;
    case X509_V_ERR_CERT_REVOKED: return CertificateFault::revoked;
    case X509_V_ERR_UNABLE_TO_GET_CRL: return CertificateFault::unlisted_authority;
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID: return CertificateFault::expired_revocations;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return CertificateFault::unknown_authority;
    default: return CertificateFault::other;
  }
}

// False: memory is exhausted.
bool TlsSession::take_client_name() {
  const X509* const certificate =
      SSL_is_server(ssl_) == 1 ? SSL_get0_peer_certificate(ssl_) : nullptr;
  if (!certificate) return true;
  try {
    client_name_ = name_of_client(certificate);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Translates the result of a call that has not succeeded.
TlsProgress TlsSession::explain(int returned) {
  const int error = SSL_get_error(ssl_, returned);
  switch (error) {
    case SSL_ERROR_WANT_READ: return TlsProgress::wants_input;
    case SSL_ERROR_WANT_WRITE: return TlsProgress::wants_output;
    case SSL_ERROR_ZERO_RETURN: return TlsProgress::closed;
    default: break;
  }
  const unsigned long first = ERR_peek_error();
  const int reason = ERR_GET_REASON(first);
  const bool is_of_tls = ERR_GET_LIB(first) == ERR_LIB_SSL;
  if (reason == ERR_R_MALLOC_FAILURE) {
    fail(TlsFault::memory, "there is not enough memory for TLS");
  } else if (is_of_tls && (reason == SSL_R_CERTIFICATE_VERIFY_FAILED ||
                           reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)) {
    fail(TlsFault::peer_certificate, describe_certificate());
  } else if (is_of_tls && reason >= first_alert) {
    const int alert = reason - first_alert;
    is_certificate_refused_ = is_about_certificate(alert);
    fail(TlsFault::refused_by_peer, std::string("the peer has refused: ") + name_of_alert(alert));
  } else {
    const char* const text = ERR_reason_error_string(first);
    fail(TlsFault::protocol, text ? text : "the peer does not follow the protocol");
  }
  ERR_clear_error();
  return TlsProgress::failed;
}

TlsProgress TlsSession::handshake(TlsBuffers& buffers) {
  if (fault_ != TlsFault::none) return TlsProgress::failed;
  const Lent lent(bio_, buffers);
  const int returned = SSL_do_handshake(ssl_);
  if (returned == 1) {
    is_established_ = take_client_name();
    if (!is_established_) fault_ = TlsFault::memory;
    return is_established_ ? TlsProgress::done : TlsProgress::failed;
  }
  const TlsProgress progress = explain(returned);
  if (progress != TlsProgress::closed) return progress;
  fail(TlsFault::refused_by_peer, "the peer has ended the handshake");
  return TlsProgress::failed;
}

TlsSession::Read TlsSession::read(TlsBuffers& buffers, std::span<char> plain) {
  assert(!plain.empty() && is_established_);
  if (fault_ != TlsFault::none) return {TlsProgress::failed};
  const Lent lent(bio_, buffers);
  std::size_t count = 0;
  const int returned = SSL_read_ex(ssl_, plain.data(), plain.size(), &count);
  if (returned == 1) return {TlsProgress::done, count};
  return {explain(returned)};
}

std::size_t TlsSession::write(TlsBuffers& buffers, std::string_view plain) {
  assert(is_established_);
  if (fault_ != TlsFault::none || buffers.out.size() <= record_overhead) return 0;
  const std::size_t most = std::min(most_in_record, buffers.out.size() - record_overhead);
  const std::size_t size = std::min(plain.size(), most);
  if (size == 0) return 0;
  const Lent lent(bio_, buffers);
  std::size_t count = 0;
  const int returned = SSL_write_ex(ssl_, plain.data(), size, &count);
  if (returned == 1) return count;
  [[maybe_unused]] const TlsProgress progress = explain(returned);
  assert(progress == TlsProgress::failed);  // there was space for the record
  return 0;
}

void TlsSession::close(TlsBuffers& buffers) {
  if (fault_ != TlsFault::none || !is_established_) return;
  const Lent lent(bio_, buffers);
  [[maybe_unused]] const int returned = SSL_shutdown(ssl_);
  ERR_clear_error();
}

// SSL_has_pending(3) does not count the header of a record whose body has not begun to arrive:
// SSL_rstate_string(3) is then "RB".
bool TlsSession::is_empty() const {
  return SSL_has_pending(ssl_) == 0 && std::string_view(SSL_rstate_string(ssl_)) != "RB";
}

bool TlsSession::has_peer_closed() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0 && fault_ == TlsFault::none;
}

bool TlsSession::is_resumed() const { return SSL_session_reused(ssl_) == 1; }

const char* TlsSession::version() const { return SSL_get_version(ssl_); }

const char* TlsSession::cipher() const { return SSL_get_cipher_name(ssl_); }

std::string_view TlsSession::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string_view TlsSession::server_name() const {
  const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name ? std::string_view(name) : std::string_view();
}

}  // namespace crypto
