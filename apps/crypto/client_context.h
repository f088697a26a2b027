// ClientContext: the settings that all TLS sessions of a client have in common: the authorities
// that it trusts, and its own certificate.
//
// Covered by tests/crypto/client_context_test.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/crypto/problem.h"
#include "apps/crypto/tls_session.h"
#include "apps/crypto/tls_version.h"

struct ssl_ctx_st;

namespace crypto {

struct ClientSettings {
  // A file of certificate authorities, used instead of the system's. Empty: if the environment
  // variable SSL_CERT_FILE is set, that file and the directory SSL_CERT_DIR; else those of the
  // system, where SSL_CERT_DIR may name another directory.
  std::string authorities_path = {};
  // False: any certificate is accepted, for any host. The bytes are then secret only from those who
  // listen, not from those who answer in the server's place.
  bool verifies = true;
  // The client's own certificate, with its chain, and its key; both or neither. An empty key path
  // means that the file of the certificate has the key, too.
  std::string certificate_path = {};
  std::string key_path = {};
  // The protocols that the client offers by ALPN, the preferred one first; none: no offer.
  std::vector<std::string> protocols = {"http/1.1"};
  TlsVersion least = TlsVersion::tls_1_2;
  TlsVersion most = TlsVersion::tls_1_3;
};

class ClientContext : public std::enable_shared_from_this<ClientContext> {
 public:
  // Reads all files. Null: see `problem`, whose kind is `certificate` for the client's own one,
  // `authorities` for those that it trusts, or `memory`.
  static std::shared_ptr<const ClientContext> make(const ClientSettings& settings,
                                                   Problem& problem);
  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  // A session with the server `host`, a name or a numeric address without brackets, as in the URL:
  // its certificate has to be for this host. Null if memory is exhausted, or `host` is longer than
  // any name.
  // `before` may be an earlier session of this context with the server, which was read from: the
  // server may then resume it by a ticket, without its certificate.
  std::unique_ptr<TlsSession> new_session(const std::string& host,
                                          const TlsSession* before = nullptr) const;

 private:
  ClientContext(ssl_ctx_st* context, bool verifies) : context_(context), verifies_(verifies) {}

  ssl_ctx_st* context_;  // owned
  bool verifies_;
};

}  // namespace crypto
