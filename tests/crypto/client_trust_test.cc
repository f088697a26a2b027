// Certificates of clients: which ones are accepted, their names, and the tickets of such sessions.
#include <string>
#include <time.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/crypto/session_pair.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/scratch.h"

namespace crypto {
namespace {

using test_support::Authority;
using test_support::CertificateTerms;

class Clients : public testing::TestWithParam<TlsVersion> {
 protected:
  // How the server judges clients.
  struct Terms {
    bool is_required = true;
    std::string revocations = {};
  };
  std::shared_ptr<const ServerContext> server(const Terms& terms) {
    Problem problem;
    auto made = ServerContext::make({.pairs = {{pair_.certificate, pair_.key}},
                                     .ticket_keys = keys_,
                                     .client_authorities_path = clients_.path(),
                                     .requires_client_certificate = terms.is_required,
                                     .revocations_path = terms.revocations},
                                    problem);
    EXPECT_TRUE(made) << problem.text;
    return made;
  }
  std::shared_ptr<const ClientContext> client(const Authority::Files* files) const {
    Problem problem;
    auto made = ClientContext::make({.authorities_path = authority_.path(),
                                     .certificate_path = files ? files->certificate : "",
                                     .key_path = files ? files->key : "",
                                     .most = GetParam()},
                                    problem);
    EXPECT_TRUE(made) << problem.text;
    return made;
  }
  // Both ends after the handshake, which may have failed.
  static SessionPair connect(const ServerContext& server, const ClientContext& client,
                             const SessionPair* before = nullptr) {
    SessionPair pair(
        server.new_session(),
        client.new_session("localhost", before ? before->client.session.get() : nullptr));
    pair.shake_hands();
    return pair;
  }
  Authority::Files sign(const std::string& name, CertificateTerms terms = {}) const {
    terms.is_for_clients = true;
    return clients_.sign(name, terms);
  }

  test_support::Scratch scratch_;
  Authority authority_{scratch_.path()};
  Authority clients_{scratch_.path(), "clients"};
  Authority::Files pair_ = authority_.sign("server");
  std::shared_ptr<TicketKeys> keys_ = TicketKeys::make();
};

TEST_P(Clients, are_named_by_address_else_by_host_else_by_common_name) {
  struct Row {
    CertificateTerms terms;
    std::string name;
  };
  const std::vector<Row> rows = {
      {{.names = {"a.test", "b.test"}, .common_name = "A", .email = "a@test"}, "a@test"},
      {{.names = {"a.test", "b.test"}, .common_name = "A"}, "a.test"},
      {{.names = {"127.0.0.1"}, .common_name = "A"}, "A"},
      {{.names = {}, .common_name = "Alice Smith"}, "Alice%20Smith"},
      {{.names = {}, .common_name = "a%20b\t\x7f"}, "a%2520b%09%7F"},
      {{.names = {}, .common_name = "J\u00f8rgen"}, "J\u00f8rgen"},
  };
  const auto trusting = server({});
  for (const Row& row : rows) {
    const Authority::Files files = sign("client", row.terms);
    const SessionPair pair = connect(*trusting, *client(&files));
    ASSERT_TRUE(pair.server.session->is_established()) << pair.server.session->failure();
    EXPECT_EQ(pair.server.session->client_name(), row.name);
    EXPECT_EQ(pair.client.session->client_name(), "");
  }
}

TEST_P(Clients, are_refused_with_the_reason) {
  const Authority other(scratch_.path(), "other");
  const auto good = sign("good");
  const auto revoked = sign("revoked");
  const auto expired = sign("expired", {.starts_in_s = -100, .ends_in_s = -10});
  const auto later = sign("later", {.starts_in_s = 1000});
  const auto of_server = clients_.sign("of_server");
  const auto foreign = other.sign("foreign", {.is_for_clients = true});
  struct Row {
    const Authority::Files* files;
    Terms terms;
    CertificateFault fault;
  };
  const std::string list = clients_.revoke("list", {revoked.serial});
  const std::string old = clients_.revoke("old", {}, -10);
  const std::string others = other.revoke("others", {});
  const std::vector<Row> rows = {
      {nullptr, {}, CertificateFault::missing},
      {&expired, {}, CertificateFault::expired},
      {&expired, {.is_required = false}, CertificateFault::expired},
      {&later, {}, CertificateFault::expired},
      {&of_server, {}, CertificateFault::other},
      {&foreign, {}, CertificateFault::unknown_authority},
      {&foreign, {.is_required = false}, CertificateFault::unknown_authority},
      {&revoked, {.revocations = list}, CertificateFault::revoked},
      {&good, {.revocations = old}, CertificateFault::expired_revocations},
      {&good, {.revocations = others}, CertificateFault::unlisted_authority},
  };
  for (const Row& row : rows) {
    const SessionPair pair = connect(*server(row.terms), *client(row.files));
    EXPECT_FALSE(pair.server.session->is_established());
    EXPECT_EQ(pair.server.session->fault(), TlsFault::peer_certificate);
    EXPECT_EQ(pair.server.session->certificate_fault(), row.fault)
        << pair.server.session->failure();
  }
  const SessionPair listed = connect(*server({.revocations = list}), *client(&good));
  EXPECT_TRUE(listed.server.session->is_established());
  const SessionPair none = connect(*server({.is_required = false}), *client(nullptr));
  EXPECT_TRUE(none.server.session->is_established());
  EXPECT_EQ(none.server.session->client_name(), "");
}

TEST_P(Clients, resume_with_their_name_where_they_are_judged_alike) {
  const auto alice = sign("alice", {.names = {}, .common_name = "alice"});
  const std::string list = clients_.revoke("list", {1});
  const auto first = server({.revocations = list});
  const auto context = client(&alice);
  const SessionPair before = connect(*first, *context);
  ASSERT_TRUE(before.server.session->is_established());
  for (const auto& again : {first, server({.revocations = list})}) {
    const SessionPair resumed = connect(*again, *context, &before);
    ASSERT_TRUE(resumed.server.session->is_established());
    EXPECT_TRUE(resumed.server.session->is_resumed());
    EXPECT_EQ(resumed.server.session->client_name(), "alice");
  }
  for (const Terms& terms : {Terms{}, Terms{.is_required = false, .revocations = list},
                             Terms{.revocations = clients_.revoke("next", {1, 2})}}) {
    const SessionPair full = connect(*server(terms), *context, &before);
    ASSERT_TRUE(full.server.session->is_established()) << full.server.session->failure();
    EXPECT_FALSE(full.server.session->is_resumed());
    EXPECT_EQ(full.server.session->client_name(), "alice");
  }
  const std::string revoked = clients_.revoke("revoked", {alice.serial});
  const SessionPair refused = connect(*server({.revocations = revoked}), *context, &before);
  EXPECT_EQ(refused.server.session->certificate_fault(), CertificateFault::revoked);
}

// Without a certificate, a ticket of the setting `optional` is of no use with `required`.
TEST_P(Clients, resume_no_session_without_a_certificate_where_one_is_required) {
  const auto context = client(nullptr);
  const SessionPair before = connect(*server({.is_required = false}), *context);
  ASSERT_TRUE(before.server.session->is_established());
  const SessionPair again = connect(*server({.is_required = false}), *context, &before);
  EXPECT_TRUE(again.server.session->is_resumed());
  const SessionPair refused = connect(*server({}), *context, &before);
  EXPECT_EQ(refused.server.session->certificate_fault(), CertificateFault::missing);
}

TEST_P(Clients, resume_no_session_once_their_certificate_has_expired) {
  const auto trusting = server({});
  for (const long life_s : {2L, 8L, 30L}) {  // a busy machine may need more than two seconds
    const auto files = sign("short", {.ends_in_s = life_s});
    const std::int64_t end_s = ::time(nullptr) + life_s;
    const auto context = client(&files);
    const SessionPair before = connect(*trusting, *context);
    if (!before.server.session->is_established()) continue;
    const SessionPair valid = connect(*trusting, *context, &before);
    if (::time(nullptr) >= end_s) continue;
    EXPECT_TRUE(valid.server.session->is_resumed());
    ASSERT_TRUE(test_support::eventually([&] { return ::time(nullptr) > end_s; }));
    const SessionPair late = connect(*trusting, *context, &before);
    EXPECT_FALSE(late.server.session->is_established());
    EXPECT_EQ(late.server.session->certificate_fault(), CertificateFault::expired);
    return;
  }
  FAIL() << "no handshake within 30 s";
}

TEST_P(Clients, of_open_connections_are_verified_again_where_the_judgement_has_changed) {
  const auto alice = sign("alice");
  const auto bob = sign("bob");
  const SessionPair of_alice = connect(*server({}), *client(&alice));
  const SessionPair of_bob = connect(*server({}), *client(&bob));
  const auto same = server({});
  const auto changed = server({.revocations = clients_.revoke("list", {alice.serial})});
  EXPECT_TRUE(same->accepts(*of_alice.server.session));
  EXPECT_FALSE(changed->accepts(*of_alice.server.session));
  EXPECT_TRUE(same->accepts(*of_alice.server.session));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(changed->accepts(*of_bob.server.session));
  const auto next = server({.revocations = clients_.revoke("next", {alice.serial, bob.serial})});
  EXPECT_FALSE(next->accepts(*of_bob.server.session));
}

TEST_P(Clients, are_not_judged_by_files_that_cannot_be_used) {
  const Authority other(scratch_.path(), "other");
  scratch_.make_directory("forged");
  const Authority forger(scratch_.path("forged"), "clients");  // the name of the real one
  scratch_.write("empty", "");
  struct Row {
    std::string authorities;
    std::string revocations;
    const char* reason;
  };
  const std::vector<Row> rows = {
      {scratch_.path("missing"), "", "missing: No such file or directory"},
      {scratch_.path("empty"), "", "contains no certificate in PEM format"},
      {clients_.path(), scratch_.path("missing"), "missing: No such file or directory"},
      {clients_.path(), clients_.path(), "contains no list of revoked certificates in PEM format"},
      {clients_.path(), forger.revoke("list", {1}), "has a list that its authority has not signed"},
  };
  for (const Row& row : rows) {
    Problem problem;
    EXPECT_FALSE(ServerContext::make({.pairs = {{pair_.certificate, pair_.key}},
                                      .ticket_keys = keys_,
                                      .client_authorities_path = row.authorities,
                                      .revocations_path = row.revocations},
                                     problem));
    EXPECT_EQ(problem.kind, Problem::Kind::authorities);
    EXPECT_NE(problem.text.find(row.reason), std::string::npos) << problem.text;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Clients, testing::Values(TlsVersion::tls_1_2, TlsVersion::tls_1_3),
                         [](const auto& row) {
                           return row.param == TlsVersion::tls_1_2 ? "tls_1_2" : "tls_1_3";
                         });

}  // namespace
}  // namespace crypto
