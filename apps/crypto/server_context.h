// ServerContext: the settings that all TLS sessions of a server have in common: certificates, keys,
// versions, and ticket keys.
//
// It is made as a whole and never changes; a reload makes another one. Sessions keep the one that
// they were made by. Covered by tests/crypto/server_context_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/crypto/problem.h"
#include "apps/crypto/ticket_keys.h"
#include "apps/crypto/tls_session.h"
#include "apps/crypto/tls_version.h"

namespace crypto {

// The files of a certificate with its chain, the server's own first, and of its private key.
struct KeyPair {
  std::string certificate_path;
  std::string key_path;
};

struct ServerSettings {
  // At least one. The name that a client asks for (SNI) chooses the pair whose certificate has it;
  // the first pair serves clients that ask for another name or for none. Two pairs with equal names
  // and keys of different kinds, such as EC and RSA, serve each client with the kind that it knows.
  std::vector<KeyPair> pairs;
  TlsVersion least = TlsVersion::tls_1_2;
  std::shared_ptr<TicketKeys> ticket_keys;  // never null
  // The file of the authorities that sign the certificates of clients. Empty: clients are not asked
  // for one. A certificate that is not accepted ends the handshake.
  std::string client_authorities_path = {};
  bool requires_client_certificate = false;  // also the lack of one ends it
  std::string revocations_path = {};         // of lists of revoked certificates; may be empty
};

class ServerContext : public std::enable_shared_from_this<ServerContext> {
 public:
  // Reads all files. Null: see `problem`.
  static std::shared_ptr<const ServerContext> make(const ServerSettings& settings,
                                                   Problem& problem);
  ~ServerContext();
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  // A session with a client that has connected; null if memory is exhausted. Every thread may call
  // this.
  std::unique_ptr<TlsSession> new_session() const;

  // Whether one of the keys is slow, as those of RSA are: a handshake takes a fraction of a
  // millisecond, or several with RSA-4096.
  bool has_slow_keys() const;

  const std::shared_ptr<TicketKeys>& ticket_keys() const;

  // Contexts with equal identities have equal certificates and settings, and judge clients alike.
  const std::string& identity() const;

  // Whether the certificate of the client of `session`, which has one, is accepted by this context.
  // The session may have been made by an earlier one, whose authorities or lists of revoked
  // certificates were others: the certificate is then verified once more, which takes a tenth of a
  // millisecond, and the outcome `true` is kept in the session. Not for a session that another
  // thread uses.
  bool accepts(TlsSession& session) const;

  // The Unix time from which on a list of revoked certificates is too old, so that no certificate
  // of a client is accepted.
  std::int64_t end_of_revocations_s() const;

  // The Unix time at which the first of the certificates becomes invalid, and its file.
  std::int64_t end_of_validity_s() const;
  const std::string& first_to_end() const;

  // The data of the callbacks of OpenSSL; for the sources of this library.
  struct Parts;

 private:
  explicit ServerContext(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace crypto
