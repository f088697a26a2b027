// TlsClient: a RawClient with TLS, for tests.
//
// It uses the project's own sessions; the tests with stock clients use others.
// Covered by tests/end_to_end/tls_test.cc, whose tests use it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "apps/crypto/client_context.h"
#include "tests/support/raw_client.h"

namespace test_support {

class TlsClient {
 public:
  // Does the handshake for `host`, unless `raw` is not connected. `before` may be a client of the
  // same context, whose ticket is used.
  TlsClient(RawClient raw, const crypto::ClientContext& context,
            const std::string& host = "localhost", const TlsClient* before = nullptr);

  bool ok() const { return is_done_; }
  // Why the handshake has failed.
  const std::string& failure() const { return session_->failure(); }
  const crypto::TlsSession& session() const { return *session_; }
  RawClient& raw() { return raw_; }

  // Sends all bytes, in records of at most `record` bytes. False: the connection or the handshake
  // has failed.
  bool send(std::string_view bytes, std::size_t record = crypto::TlsSession::most_in_record);
  // Encrypts bytes without sending them.
  std::string encrypt(std::string_view bytes);
  // Sends close_notify.
  void close_session();

  // Reads until the decrypted bytes end in a whole response, and returns it.
  Response read_response();
  Response ask(std::string_view request);
  // Reads to the end of the stream.
  std::string read_to_end();

 private:
  bool receive();
  bool decrypt();

  RawClient raw_;
  std::unique_ptr<crypto::TlsSession> session_;
  std::string received_;  // encrypted
  std::string plain_;
  bool is_done_ = false;
};

}  // namespace test_support
