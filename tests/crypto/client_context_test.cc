// What a client trusts, and files that it cannot use.
#include "apps/crypto/client_context.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/crypto/session_pair.h"
#include "tests/support/certificates.h"
#include "tests/support/scratch.h"

namespace crypto {
namespace {

using test_support::Authority;

class Client : public testing::Test {
 protected:
  Client() {
    ::unsetenv("SSL_CERT_FILE");  // NOLINT(concurrency-mt-unsafe): there is one thread
    ::unsetenv("SSL_CERT_DIR");   // NOLINT(concurrency-mt-unsafe)
  }

  // Steps a handshake with a server that has the pair. Returns why the client has failed, or
  // nothing.
  std::string failure_with(const Authority::Files& pair, const std::string& host,
                           const ClientSettings& settings) {
    const auto server = ServerContext::make(
        {.pairs = {{pair.certificate, pair.key}}, .ticket_keys = TicketKeys::make()}, problem_);
    const auto client = ClientContext::make(settings, problem_);
    EXPECT_TRUE(server && client) << problem_.text;
    if (!server || !client) return problem_.text;
    SessionPair ends(server->new_session(), client->new_session(host));
    const bool is_done = ends.shake_hands();
    fault_ = ends.client.session->fault();
    EXPECT_EQ(is_done, ends.client.session->failure().empty());
    EXPECT_EQ(ends.server.session->fault(), is_done ? TlsFault::none : TlsFault::refused_by_peer);
    return ends.client.session->failure();
  }

  test_support::Scratch scratch_;
  Authority authority_{scratch_.path()};
  Problem problem_;
  TlsFault fault_ = TlsFault::none;
};

TEST_F(Client, accepts_a_certificate_of_its_authority_for_the_host) {
  const auto pair =
      authority_.sign("a", {.names = {"localhost", "*.example.test", "127.0.0.1", "::1"}});
  for (const char* const host : {"localhost", "www.example.test", "127.0.0.1", "::1"}) {
    EXPECT_EQ(failure_with(pair, host, {.authorities_path = authority_.path()}), "") << host;
  }
}

TEST_F(Client, refuses_a_certificate_for_another_host) {
  const auto pair = authority_.sign("a", {.names = {"localhost", "*.example.test", "127.0.0.1"}});
  for (const std::string host :
       {"example.org", "a.b.example.test", "example.test", "127.0.0.2", "::1"}) {
    EXPECT_EQ(failure_with(pair, host, {.authorities_path = authority_.path()}),
              "the certificate is not for " + host);
    EXPECT_EQ(fault_, TlsFault::peer_certificate);
  }
}

TEST_F(Client, refuses_an_unknown_authority_and_an_expired_certificate) {
  const Authority other(scratch_.path(), "other");
  EXPECT_EQ(failure_with(other.sign("a"), "localhost", {.authorities_path = authority_.path()}),
            "the certificate is not valid: unable to get local issuer certificate");
  EXPECT_EQ(fault_, TlsFault::peer_certificate);
  const auto expired = authority_.sign("b", {.starts_in_s = -7200, .ends_in_s = -3600});
  EXPECT_EQ(failure_with(expired, "localhost", {.authorities_path = authority_.path()}),
            "the certificate is not valid: certificate has expired");
  const auto early = authority_.sign("c", {.starts_in_s = 3600, .ends_in_s = 7200});
  EXPECT_EQ(failure_with(early, "localhost", {.authorities_path = authority_.path()}),
            "the certificate is not valid: certificate is not yet valid");
  const auto of_client = authority_.sign("d", {.is_for_clients = true});
  EXPECT_EQ(failure_with(of_client, "localhost", {.authorities_path = authority_.path()}),
            "the certificate is not valid: unsuitable certificate purpose");
}

TEST_F(Client, accepts_every_certificate_if_it_verifies_none) {
  const auto expired = authority_.sign("a", {.names = {"b"}, .ends_in_s = -1800});
  EXPECT_EQ(failure_with(expired, "localhost", {.verifies = false}), "");
}

TEST_F(Client, trusts_the_file_that_the_environment_names) {
  const auto pair = authority_.sign("a");
  EXPECT_NE(failure_with(pair, "localhost", {}), "");
  ::setenv("SSL_CERT_FILE", authority_.path().c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(failure_with(pair, "localhost", {}), "");
  ::setenv("SSL_CERT_FILE", "/nonexistent", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_FALSE(ClientContext::make({}, problem_));
  EXPECT_EQ(problem_.kind, Problem::Kind::authorities);
  EXPECT_EQ(problem_.text, "cannot read /nonexistent: No such file or directory (SSL_CERT_FILE)");
}

TEST_F(Client, refuses_files_with_a_reason_and_its_kind) {
  const auto good = authority_.sign("good", {.is_for_clients = true});
  EXPECT_FALSE(ClientContext::make({.authorities_path = scratch_.path("missing")}, problem_));
  EXPECT_EQ(problem_.kind, Problem::Kind::authorities);
  EXPECT_FALSE(ClientContext::make({.authorities_path = good.key}, problem_));
  EXPECT_EQ(problem_.kind, Problem::Kind::authorities);
  EXPECT_FALSE(
      ClientContext::make({.verifies = false, .certificate_path = good.certificate}, problem_));
  EXPECT_EQ(problem_.kind, Problem::Kind::certificate);
  EXPECT_EQ(problem_.text, good.certificate + " contains no private key in PEM format");
  EXPECT_TRUE(ClientContext::make(
      {.verifies = false, .certificate_path = good.certificate, .key_path = good.key}, problem_));
}

TEST_F(Client, makes_no_session_for_a_host_that_is_too_long) {
  const auto client = ClientContext::make({.verifies = false}, problem_);
  EXPECT_TRUE(client->new_session("localhost"));
  EXPECT_FALSE(client->new_session(std::string(300, 'a')));
}

}  // namespace
}  // namespace crypto
