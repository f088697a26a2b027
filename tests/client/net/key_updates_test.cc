// A TLS server that asks the client for new keys again and again. The server is OpenSSL's own,
// since the sessions of the project never ask for any.
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

#include "tests/client/program.h"
#include "tests/support/certificates.h"

namespace client {
namespace {

using test_support::Authority;

// The server's side of a TLS connection, in memory.
class OwnPeer {
 public:
  OwnPeer(Peer& peer, const Authority::Files& files) : peer_(peer) {
    SSL_use_certificate_chain_file(ssl_.get(), files.certificate.c_str());
    SSL_use_PrivateKey_file(ssl_.get(), files.key.c_str(), SSL_FILETYPE_PEM);
    SSL_set_bio(ssl_.get(), received_, written_);
    SSL_set_accept_state(ssl_.get());
  }

  bool shake_hands() {
    while (SSL_do_handshake(ssl_.get()) != 1) {
      if (SSL_get_error(ssl_.get(), -1) != SSL_ERROR_WANT_READ || !send_written()) return false;
      const std::string bytes = peer_.read_some();
      if (bytes.empty()) return false;
      BIO_write(received_, bytes.data(), static_cast<int>(bytes.size()));
    }
    return send_written();
  }
  void encrypt(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  }
  // Asks for new keys `count` times.
  void ask_for_keys(int count) {
    for (int i = 0; i < count; ++i) {
      SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
      SSL_do_handshake(ssl_.get());
    }
  }
  // False: the client has closed the connection.
  bool send_written() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(written_, &bytes);
    const bool is_fine = peer_.send({bytes, static_cast<std::size_t>(size)});
    BIO_reset(written_);
    return is_fine;
  }

 private:
  Peer& peer_;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_server_method()),
                                                                   &SSL_CTX_free};
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{SSL_new(context_.get()), &SSL_free};
  BIO* const received_ = BIO_new(BIO_s_mem());  // owned by ssl_
  BIO* const written_ = BIO_new(BIO_s_mem());   // owned by ssl_
};

class KeyUpdates : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    authority_ = std::make_unique<Authority>(directory_);
    files_ = authority_->sign("server", {.names = {"127.0.0.1"}});
  }
  // Runs `quoit get` of /a from a server that asks for keys that many times.
  Finished get(int count) {
    const ScriptedServer server({[&](Peer& peer) {
      OwnPeer secure(peer, files_);
      ASSERT_TRUE(secure.shake_hands());
      secure.encrypt("HTTP/1.1 200 OK\r\n");
      for (int i = 0; i < count; i += 50) {
        secure.ask_for_keys(50);
        secure.encrypt("a: b\r\n");
      }
      secure.encrypt("Content-Length: 5\r\n\r\nhello");
      secure.send_written();
      peer.read_to_end();
    }});
    return quoit({"get", "https://" + server.authority() + "/a", "--cacert", authority_->path()});
  }

  std::unique_ptr<Authority> authority_;
  Authority::Files files_;
};

TEST_F(KeyUpdates, AFewAreAnswered) {
  const Finished finished = get(100);
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("a"), "hello");
}

// The answers wait in memory for the next request.
TEST_F(KeyUpdates, WithoutAnEndAreAnError) {
  const Finished finished = get(10'000);
  EXPECT_EQ(finished.status, 56) << finished.err;
  EXPECT_NE(finished.err.find("asks for new keys too often"), std::string::npos) << finished.err;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "a"));
}

}  // namespace
}  // namespace client
