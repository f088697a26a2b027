// Messages of TLS between requests, which stock clients seldom send: key updates, many of them, and
// a renegotiation. The client is OpenSSL's own.
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/certificates.h"
#include "tests/support/site.h"

namespace {

using test_support::Authority;
using test_support::get;
using test_support::RawClient;
using test_support::Scratch;
using test_support::Site;

// A connection by OpenSSL, whose calls block.
class Client {
 public:
  Client(const Site& site, int version) : socket_(site.connect()) {
    SSL_set_min_proto_version(ssl_.get(), version);
    SSL_set_max_proto_version(ssl_.get(), version);
    SSL_set_fd(ssl_.get(), socket_.descriptor());
    EXPECT_EQ(SSL_connect(ssl_.get()), 1);
  }

  SSL* ssl() { return ssl_.get(); }
  bool send(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }
  // Sends one message that asks the server for new keys, too.
  bool update_keys() {
    return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1 &&
           SSL_do_handshake(ssl_.get()) == 1;
  }
  // Reads until the decrypted bytes end with `end`, or the connection has ended.
  std::string read_until(std::string_view end) {
    std::string text;
    char bytes[1000];
    while (!text.ends_with(end)) {
      const int count = SSL_read(ssl_.get(), bytes, sizeof bytes);
      if (count <= 0) break;
      text.append(bytes, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  RawClient socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()),
                                                             &SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{SSL_new(context_.get()), &SSL_free};
};

class TlsMessages : public testing::Test {
 protected:
  TlsMessages() { site_.root.write("a", "first"); }

  const Scratch etc_;
  const Authority authority_{etc_.path()};
  const Authority::Files pair_ = authority_.sign("server");
  Site site_{{"--writable", "--tls-cert", pair_.certificate, "--tls-key", pair_.key}};
};

TEST_F(TlsMessages, NewKeysAreUsedBeforeAndInsideRequests) {
  Client client(site_, TLS1_3_VERSION);
  const std::string request = get("/a");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.update_keys());
    ASSERT_TRUE(client.send(request.substr(0, 10)));
    ASSERT_TRUE(client.update_keys());
    ASSERT_TRUE(client.send(request.substr(10)));
    ASSERT_TRUE(client.read_until("first").ends_with("first"));
  }
}

// Each message is answered with 27 bytes: more than all blocks of a connection hold.
TEST_F(TlsMessages, ManyNewKeysInsideABodyAreAnsweredWhileItArrives) {
  Client client(site_, TLS1_3_VERSION);
  ASSERT_TRUE(client.send("PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n"));
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(client.update_keys()) << i;
    ASSERT_TRUE(client.send("b")) << i;
  }
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 201 "));
  EXPECT_TRUE(site_.root.read("b") == std::string(20'000, 'b'));
}

TEST_F(TlsMessages, RenegotiationIsRefusedAtOnce) {
  Client client(site_, TLS1_2_VERSION);
  ASSERT_TRUE(client.send(get("/a")));
  ASSERT_TRUE(client.read_until("first").ends_with("first"));
  ASSERT_EQ(SSL_renegotiate(client.ssl()), 1);
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);  // waits for the alert
  EXPECT_EQ(site_.process().err().find("refused"), std::string::npos);
}

}  // namespace
