// Certificates by name and kind, tickets, and files that cannot be used.
#include "apps/crypto/server_context.h"

#include <cstdlib>
#include <string>
#include <time.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/crypto/session_pair.h"
#include "tests/support/certificates.h"
#include "tests/support/scratch.h"

namespace crypto {
namespace {

using test_support::Authority;
using test_support::KeyKind;

class Server : public testing::Test {
 protected:
  std::shared_ptr<const ServerContext> make(const std::vector<Authority::Files>& files,
                                            std::shared_ptr<TicketKeys> keys = nullptr) {
    ServerSettings settings{.ticket_keys = keys ? std::move(keys) : TicketKeys::make()};
    for (const Authority::Files& pair : files) {
      settings.pairs.push_back({pair.certificate, pair.key});
    }
    return ServerContext::make(settings, problem_);
  }
  // Whether a client that trusts the authority accepts the server's certificate for `host`.
  bool serves(const std::shared_ptr<const ServerContext>& server, const std::string& host) {
    SessionPair pair(server->new_session(), client_->new_session(host));
    return pair.shake_hands();
  }

  test_support::Scratch scratch_;
  Authority authority_{scratch_.path()};
  Problem problem_;
  std::shared_ptr<const ClientContext> client_ =
      ClientContext::make({.authorities_path = authority_.path()}, problem_);
};

TEST_F(Server, chooses_the_certificate_by_name) {
  const auto server = make({authority_.sign("first", {.names = {"first.test"}}),
                            authority_.sign("second", {.names = {"second.test", "*.wild.test"}}),
                            authority_.sign("third", {.names = {"third.test", "127.0.0.1"}})});
  ASSERT_TRUE(server) << problem_.text;
  for (const char* const host : {"first.test", "second.test", "SECOND.test", "a.wild.test"}) {
    EXPECT_TRUE(serves(server, host)) << host;
  }
  EXPECT_FALSE(serves(server, "unknown.test"));
  EXPECT_FALSE(serves(server, "127.0.0.1"));  // clients ask for no addresses: the first pair
}

TEST_F(Server, serves_other_names_with_the_first_pair) {
  const auto server = make({authority_.sign("first"), authority_.sign("other", {.names = {"b"}})});
  Problem problem;
  const auto client = ClientContext::make({.verifies = false}, problem);
  SessionPair pair(server->new_session(), client->new_session("unknown.test"));
  EXPECT_TRUE(pair.shake_hands());
  EXPECT_EQ(pair.server.session->server_name(), "unknown.test");
}

TEST_F(Server, has_an_ec_and_an_rsa_certificate_for_one_name) {
  const auto rsa = authority_.sign("rsa", {.kind = KeyKind::rsa});
  const auto ec = authority_.sign("ec");
  const auto server = make({rsa, ec});
  ASSERT_TRUE(server) << problem_.text;
  EXPECT_TRUE(server->has_slow_keys());
  EXPECT_FALSE(make({ec})->has_slow_keys());
  const auto client = ClientContext::make(
      {.authorities_path = authority_.path(), .most = TlsVersion::tls_1_2}, problem_);
  SessionPair pair(server->new_session(), client->new_session("localhost"));
  ASSERT_TRUE(pair.shake_hands());
  EXPECT_STREQ(pair.server.session->cipher(), "ECDHE-ECDSA-AES128-GCM-SHA256");
}

TEST_F(Server, resumes_by_a_ticket_of_another_server_with_the_same_keys) {
  const auto first = make({authority_.sign("first")});
  const auto keys = TicketKeys::make();
  for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
    const auto client =
        ClientContext::make({.authorities_path = authority_.path(), .most = version}, problem_);
    const auto one = make({authority_.sign("one")}, keys);
    const auto other = make({authority_.sign("other", {.kind = KeyKind::rsa})}, keys);
    SessionPair before(one->new_session(), client->new_session("localhost"));
    ASSERT_TRUE(before.shake_hands());
    EXPECT_FALSE(before.client.session->is_resumed());
    const auto resume_at = [&](const ServerContext& server) {
      SessionPair pair(server.new_session(),
                       client->new_session("localhost", before.client.session.get()));
      EXPECT_TRUE(pair.shake_hands());
      EXPECT_EQ(pair.client.session->is_resumed(), pair.server.session->is_resumed());
      return pair.server.session->is_resumed();
    };
    EXPECT_TRUE(resume_at(*one));
    EXPECT_TRUE(resume_at(*other));
    EXPECT_FALSE(resume_at(*first));
  }
}

TEST_F(Server, reports_when_the_first_certificate_ends) {
  const auto soon = authority_.sign("soon", {.names = {"a"}, .ends_in_s = 1000});
  const auto server = make({authority_.sign("later"), soon});
  EXPECT_NEAR(static_cast<double>(server->end_of_validity_s()),
              static_cast<double>(::time(nullptr) + 1000), 100);
  EXPECT_EQ(server->first_to_end(), soon.certificate);
}

TEST_F(Server, refuses_files_with_a_reason) {
  const auto good = authority_.sign("good");
  const auto other = authority_.sign("other");
  struct Row {
    std::string certificate;
    std::string key;
    const char* reason;
  };
  scratch_.write("empty", "");
  scratch_.write("damaged",
                 "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n");
  const std::string encrypted = scratch_.path("encrypted");
  const std::string command = "openssl pkey -aes128 -passout pass:x -in " + good.key + " -out " +
                              encrypted + " 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe)
  const std::vector<Row> rows = {
      {scratch_.path("missing"), good.key, "missing: No such file or directory"},
      {scratch_.path(), good.key, "Is a directory"},
      {scratch_.path("empty"), good.key, "contains no certificate in PEM format"},
      {good.key, good.key, "contains no certificate in PEM format"},
      {scratch_.path("damaged"), good.key, "damaged has a damaged entry"},
      {good.certificate, scratch_.path("missing"), "missing: No such file or directory"},
      {good.certificate, good.certificate, "contains no private key in PEM format"},
      {good.certificate, encrypted, "is encrypted; write it without a passphrase"},
      {good.certificate, other.key, "does not belong to the certificate"},
  };
  for (const Row& row : rows) {
    EXPECT_FALSE(make({{row.certificate, row.key, 0}}));
    EXPECT_EQ(problem_.kind, Problem::Kind::certificate);
    EXPECT_NE(problem_.text.find(row.reason), std::string::npos) << problem_.text;
  }
}

TEST_F(Server, ends_the_handshake_of_a_client_without_a_known_protocol) {
  const auto server = make({authority_.sign("server")});
  for (const auto& [list, is_known] : {std::pair<std::vector<std::string>, bool>{{"h2"}, false},
                                       {{"h2", "http/1.1"}, true},
                                       {{"h2", "http/1.0"}, true},
                                       {{"http/1.0", "http/1.1"}, true},
                                       {{}, true}}) {
    const auto client = ClientContext::make({.verifies = false, .protocols = list}, problem_);
    SessionPair pair(server->new_session(), client->new_session("localhost"));
    EXPECT_EQ(pair.shake_hands(), is_known);
    if (!is_known) {
      EXPECT_EQ(pair.client.session->failure(), "the peer has refused: no application protocol");
    }
  }
}

}  // namespace
}  // namespace crypto
