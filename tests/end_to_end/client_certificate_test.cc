// Certificates of clients: who is let in, by which name, and what a reload changes about it.
#include <crypt.h>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/crypto/client_context.h"
#include "tests/support/base64.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/site.h"
#include "tests/support/tls_client.h"

namespace {

using crypto::ClientContext;
using crypto::TlsVersion;
using test_support::Authority;
using test_support::CertificateTerms;
using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::Process;
using test_support::put;
using test_support::RawClient;
using test_support::Response;
using test_support::run;
using test_support::Scratch;
using test_support::Site;
using test_support::TlsClient;

class ClientCertificate : public testing::Test {
 protected:
  std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {
        "--tls-cert", pair_.certificate, "--tls-key", pair_.key, "--tls-client-ca", clients_.path(),
    };
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Authority::Files sign(const std::string& name, CertificateTerms terms = {}) const {
    terms.is_for_clients = true;
    terms.common_name = name;
    terms.names = {};
    return clients_.sign(name, terms);
  }
  std::shared_ptr<const ClientContext> context(const std::optional<Authority::Files>& files,
                                               TlsVersion most = TlsVersion::tls_1_3) const {
    crypto::Problem problem;
    auto made = ClientContext::make({.authorities_path = authority_.path(),
                                     .certificate_path = files ? files->certificate : "",
                                     .key_path = files ? files->key : "",
                                     .most = most},
                                    problem);
    EXPECT_TRUE(made) << problem.text;
    return made;
  }
  TlsClient connect(const Site& site, const std::optional<Authority::Files>& files) const {
    return {site.connect(), *context(files)};
  }
  // The status of a response on a new connection; 0: the handshake has failed. In TLS 1.3 a client
  // reads that it is refused behind its own handshake.
  int status(const Site& site, const std::optional<Authority::Files>& files,
             const std::string& request) const {
    return connect(site, files).ask(request).status;
  }
  static bool says(const Site& site, const std::string& text, std::size_t from = 0) {
    return eventually([&] { return site.process().err().find(text, from) != std::string::npos; });
  }
  static void reload(const Site& site, const std::string& text) {
    const std::size_t before = site.process().err().size();
    site.signal(SIGHUP);
    EXPECT_TRUE(says(site, text, before)) << site.process().err();
  }

  Scratch etc_;
  Authority authority_{etc_.path()};
  Authority clients_{etc_.path(), "clients"};
  Authority::Files pair_ = authority_.sign("server", {.names = {"localhost", "127.0.0.1"}});
  Authority::Files alice_ = sign("alice");
  Authority::Files bob_ = sign("bob");
};

TEST_F(ClientCertificate, is_needed_for_everything_by_default) {
  const Authority other(etc_.path(), "other");
  Site site(arguments({"--writable"}));
  site.root.write("a", "first");
  for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
    TlsClient client(site.connect(), *context(alice_, version));
    ASSERT_TRUE(client.ok()) << client.failure();
    EXPECT_EQ(client.ask(get("/a")).body, "first");
    EXPECT_EQ(client.ask(get("/a")).body, "first");  // cached
    EXPECT_EQ(client.ask(put("/b", "second")).status, version == TlsVersion::tls_1_2 ? 201 : 204);
  }
  struct Row {
    std::optional<Authority::Files> files;
    std::string reason;
  };
  const std::vector<Row> rows = {
      {std::nullopt, "it has no certificate"},
      {other.sign("foreign", {.is_for_clients = true}), "no authority of --tls-client-ca has"},
      {sign("old", {.ends_in_s = -10}), "its certificate has expired"},
      {clients_.sign("server-only"), "its certificate is malformed, or not for clients"},
  };
  for (const Row& row : rows) {
    for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
      TlsClient client(site.connect(), *context(row.files, version));
      EXPECT_EQ(client.ask(get("/a")).status, 0) << row.reason;
    }
    EXPECT_TRUE(says(site, row.reason)) << site.process().err();
  }
}

TEST_F(ClientCertificate, gives_the_name_that_rules_and_the_log_have) {
  const Authority::Files smith = sign("Carol Smith");
  Site site(arguments({"--writable", "--tls-client-cert", "optional", "--allow", "anyone r /pub",
                       "--allow", "users r", "--allow", "cert:alice rw /incoming", "--allow",
                       "cert:bob - /secret", "--allow", "cert:Carol%20Smith c /incoming"}));
  site.root.write("pub/p", "public");
  site.root.write("a", "first");
  site.root.write("secret/s", "secret");
  EXPECT_EQ(status(site, std::nullopt, get("/pub/p")), 200);
  const Response refused = connect(site, std::nullopt).ask(get("/a"));
  EXPECT_EQ(refused.status, 403) << "no password could help";
  EXPECT_EQ(refused.body, "403 Forbidden: this needs a certificate of the client\n");
  EXPECT_EQ(status(site, alice_, get("/a")), 200);
  EXPECT_EQ(status(site, alice_, put("/incoming/x", "x")), 201);
  EXPECT_EQ(status(site, bob_, put("/incoming/y", "y")), 403);
  EXPECT_EQ(status(site, bob_, get("/secret/s")), 403);
  EXPECT_EQ(status(site, smith, put("/incoming/y", "y")), 201);
  EXPECT_EQ(status(site, smith, put("/incoming/x", "y")), 403);
  EXPECT_EQ(status(site, sign("old", {.ends_in_s = -10}), get("/pub/p")), 0)
      << "a wrong certificate is refused even where none is needed";

  TlsClient kept = connect(site, alice_);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(kept.ask(get("/pub/p?" + std::to_string(i))).status, 200);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(kept.ask(get("/pub/p")).status, 200);
  EXPECT_TRUE(site.wait_for_log("- cert:bob ["));
  EXPECT_TRUE(site.wait_for_log("- cert:Carol%20Smith ["));
  EXPECT_TRUE(eventually([&] {
    const std::string log = site.process().out();
    std::size_t lines = 0;
    const std::string wanted = "- cert:alice [";
    for (std::size_t at = 0; (at = log.find(wanted, at)) != std::string::npos; ++at) ++lines;
    return lines == 10;  // also for files that everyone may read, which are cached
  })) << site.process().out();
}

TEST_F(ClientCertificate, stands_beside_passwords_and_cannot_be_forged_by_them) {
  crypt_data data{};
  etc_.write("users",
             std::string("cert:") + ::crypt_r("alice", "$6$rounds=1000$salt", &data) + "\n");
  ::chmod(etc_.path("users").c_str(), 0640);
  Site site(arguments({"--tls-client-cert", "optional", "--users", etc_.path("users"), "--allow",
                       "cert:alice r", "--allow", "cert r /own"}));
  site.root.write("a", "first");
  site.root.write("own/o", "own");
  const auto basic = [](const std::string& text) {
    return "Authorization: Basic " + test_support::base64(text);
  };
  EXPECT_EQ(status(site, alice_, get("/a")), 200);
  EXPECT_EQ(status(site, std::nullopt, get("/a")), 401) << "a password could help";
  // The user "cert" with the password "alice" is no cert:alice.
  EXPECT_EQ(status(site, std::nullopt, get("/a", {basic("cert:alice")})), 403);
  EXPECT_EQ(status(site, std::nullopt, get("/own/o", {basic("cert:alice")})), 200);
  EXPECT_EQ(status(site, std::nullopt, get("/a", {basic("cert:alice:alice")})), 401);
  // A password comes first, and a wrong one is refused.
  EXPECT_EQ(status(site, alice_, get("/own/o", {basic("cert:alice")})), 200);
  EXPECT_EQ(status(site, alice_, get("/a", {basic("cert:alice")})), 403);
  EXPECT_EQ(status(site, alice_, get("/a", {basic("cert:wrong")})), 401);
}

TEST_F(ClientCertificate, keeps_its_name_in_a_resumed_session) {
  for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
    Site site(arguments({"--allow", "cert:alice r"}));
    site.root.write("a", "first");
    const auto of_alice = context(alice_, version);
    TlsClient first(site.connect(), *of_alice);
    EXPECT_EQ(first.ask(get("/a")).body, "first");
    reload(site, "configuration reloaded: nothing changed");
    TlsClient resumed(site.connect(), *of_alice, "localhost", &first);
    EXPECT_EQ(resumed.ask(get("/a")).body, "first");
    EXPECT_TRUE(resumed.session().is_resumed());
  }
}

TEST_F(ClientCertificate, is_refused_once_a_reload_has_read_that_it_is_revoked) {
  for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
    const std::string list = clients_.revoke("list", {1});
    Site site(arguments({"--tls-crl", list}));
    site.root.write("a", "first");
    const auto of_alice = context(alice_, version);
    const auto of_bob = context(bob_, version);
    TlsClient alice(site.connect(), *of_alice);
    TlsClient bob(site.connect(), *of_bob);
    EXPECT_EQ(alice.ask(get("/a")).body, "first");
    EXPECT_EQ(bob.ask(get("/a")).body, "first");
    clients_.revoke("list", {1, alice_.serial});
    reload(site, "configuration reloaded: certificates changed");

    // Neither a new session nor a ticket nor an open connection is left to alice.
    EXPECT_EQ(TlsClient(site.connect(), *of_alice).ask(get("/a")).status, 0);
    EXPECT_EQ(TlsClient(site.connect(), *of_alice, "localhost", &alice).ask(get("/a")).status, 0);
    EXPECT_TRUE(says(site, "its certificate is revoked"));
    const Response last = alice.ask(get("/a"));
    EXPECT_EQ(last.status, 403);
    EXPECT_EQ(last.body, "403 Forbidden: the certificate of this client is no longer accepted\n");
    EXPECT_EQ(alice.read_to_end(), "");
    EXPECT_TRUE(alice.session().has_peer_closed());

    // Others go on; their tickets cost a full handshake once.
    EXPECT_EQ(bob.ask(get("/a")).body, "first");
    TlsClient full(site.connect(), *of_bob, "localhost", &bob);
    EXPECT_EQ(full.ask(get("/a")).body, "first");
    EXPECT_FALSE(full.session().is_resumed());
    TlsClient resumed(site.connect(), *of_bob, "localhost", &full);
    EXPECT_EQ(resumed.ask(get("/a")).body, "first");
    EXPECT_TRUE(resumed.session().is_resumed());

    etc_.write("list.crl", "damaged");
    reload(site, "the old one stays in use: TLS: " + list + " contains no list of");
    EXPECT_EQ(TlsClient(site.connect(), *of_alice).ask(get("/a")).status, 0);
    EXPECT_EQ(bob.ask(get("/a")).body, "first");
  }
}

TEST_F(ClientCertificate, of_a_new_authority_is_accepted_after_a_reload) {
  const Authority other(etc_.path(), "other");
  const Authority::Files carol = other.sign("carol", {.is_for_clients = true});
  Site site(arguments());
  site.root.write("a", "first");
  EXPECT_EQ(status(site, carol, get("/a")), 0);
  etc_.write("clients.pem", *etc_.read("clients.pem") + *etc_.read("other.pem"));
  reload(site, "configuration reloaded: certificates changed");
  EXPECT_EQ(status(site, carol, get("/a")), 200);
  EXPECT_EQ(status(site, alice_, get("/a")), 200);
}

TEST_F(ClientCertificate, is_not_asked_for_where_there_is_no_tls) {
  Site site(arguments(
      {"--listen", "http:127.0.0.1:0", "--allow", "users r", "--allow", "anyone r /pub"}));
  site.root.write("a", "first");
  site.root.write("pub/p", "public");
  ASSERT_EQ(site.urls().size(), 2U);
  EXPECT_EQ(RawClient::to_port(site.port(1)).ask(get("/pub/p")).status, 200);
  EXPECT_EQ(RawClient::to_port(site.port(1)).ask(get("/a")).status, 403);
}

// The names of 230 authorities are 18 KiB, and a block of 16 KiB has not enough space for them:
// other clients have all large ones.
TEST_F(ClientCertificate, is_asked_for_in_several_sends_where_memory_is_short) {
  std::string authorities = *etc_.read("clients.pem");
  const std::string name(64, 'a');
  for (int i = 0; i < 230; ++i) {
    const Authority other(etc_.path(), name);
    authorities += *etc_.read(name + ".pem");
  }
  etc_.write("clients.pem", authorities);
  Site site(arguments({"--writable", "--body-timeout", "600"}), {.workers = 1});
  std::vector<TlsClient> busy;
  const auto of_alice = context(alice_);
  for (int i = 0; i < 66; ++i) {
    busy.emplace_back(site.connect(), *of_alice);
    ASSERT_TRUE(busy.back().ok()) << i << busy.back().failure();
    busy.back().send("PUT /" + std::to_string(i) +
                     " HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(busy.back().read_response().status, 100);
  }
  TlsClient last(site.connect(), *of_alice);
  EXPECT_TRUE(last.ok()) << last.failure();
  EXPECT_EQ(last.ask(get("/")).status, 200);
  for (TlsClient& client : busy) EXPECT_EQ(client.ask("123456789").status, 201);
}

TEST_F(ClientCertificate, is_explained_and_refused_with_helpful_sentences) {
  Scratch root;
  struct Row {
    std::vector<std::string> arguments;
    int status;
    std::string text;
  };
  const std::string list = clients_.revoke("list", {1});
  const std::vector<std::string> pair = {"--tls-cert", pair_.certificate, "--tls-key", pair_.key};
  const std::vector<std::string> ca = {"--tls-client-ca", clients_.path()};
  const auto join = [](std::vector<std::string> all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const std::vector<std::string> both = join(pair, ca);
  const std::vector<Row> rows = {
      {ca, 64, "--tls-client-ca has no effect without --tls-cert and --tls-key"},
      {join(pair, {"--tls-client-cert", "optional"}), 64, "without --tls-client-ca, the file of"},
      {join(pair, {"--tls-crl", list}), 64, "--tls-crl has no effect without --tls-client-ca"},
      {join(pair, {"--tls-client-ca", etc_.path("missing")}), 78, "No such file"},
      {join(pair, {"--tls-client-ca", alice_.key}), 78, "contains no certificate in PEM format"},
      {join(both, {"--tls-crl", clients_.path()}), 78, "contains no list of revoked certificates"},
      {join(both, {"--tls-client-cert", "maybe"}), 64, "optional"},
      {join(pair, {"--allow", "cert:alice r"}), 64,
       "is about a certificate, and there is no --tls-client-ca"},
      {join(both, {"--allow", "alice r"}), 64, "is about a user, and there is neither --users"},
      {join(both, {"--check-config"}), 0, ""},
      {join(pair, {"--tls-client-ca", etc_.path("missing"), "--check-config"}), 78, "No such file"},
      {join(both, {"--allow", "cert:alice r", "--explain", "cert:alice GET /x"}), 0,
       "cert:alice GET /x: allowed: --allow 'cert:alice r'\n"},
      {join(both, {"--allow", "cert:alice r", "--explain", "cert:bob GET /x"}), 0,
       "cert:bob GET /x: refused (403): no rule is about this\n"},
      {join(both, {"--explain", "anyone GET /x"}), 0,
       "anyone GET /x: refused (403): no rule is about this\n"},
      {join(both, {"--explain", "cert:bob GET /x"}), 0, "cert:bob GET /x: allowed: the default"},
  };
  for (const Row& row : rows) {
    std::vector<std::string> command = {test_support::quoitd_path(), "--listen", "127.0.0.1:0"};
    command = join(command, row.arguments);
    command.push_back(root.path());
    Process process(command);
    EXPECT_EQ(process.wait(), row.status) << process.err();
    const std::string all = process.out() + process.err();
    EXPECT_NE(all.find(row.text), std::string::npos) << all << "; wanted: " << row.text;
  }
}

TEST_F(ClientCertificate, list_that_ends_is_announced_and_then_refuses_everyone) {
  {
    const Site site(arguments({"--tls-crl", clients_.revoke("soon", {1}, 3 * 86400 + 3600)}));
    EXPECT_TRUE(says(site, "soon.crl expires in 3 days, and every certificate of a client is"));
    EXPECT_EQ(status(site, alice_, get("/")), 200);
  }
  const Site site(arguments({"--tls-crl", clients_.revoke("late", {1}, -10)}));
  EXPECT_TRUE(says(site, "late.crl has expired, and every certificate of a client is refused"));
  EXPECT_EQ(status(site, alice_, get("/")), 0);
  EXPECT_TRUE(says(site, "the list of revoked certificates has expired; renew --tls-crl"));
}

TEST_F(ClientCertificate, of_quoit_is_accepted) {
  Site site(arguments({"--writable", "--allow", "cert:alice rw", "--allow", "users r"}));
  site.root.write("a", noise(300'000));
  const std::string url = site.urls()[0];
  const auto quoit = [&](std::vector<std::string> arguments,
                         const std::optional<Authority::Files>& files) {
    arguments.insert(arguments.begin(), test_support::quoit_path());
    arguments.insert(arguments.end(), {"--cacert", authority_.path()});
    if (files)
      arguments.insert(arguments.end(), {"--cert", files->certificate, "--key", files->key});
    return run(arguments);
  };
  const test_support::Finished got = quoit({"get", url + "a", "-o", etc_.path("copy")}, alice_);
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(etc_.read("copy"), site.root.read("a"));
  const test_support::Finished sent = quoit({"put", etc_.path("copy"), url + "b"}, alice_);
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_EQ(site.root.read("b"), site.root.read("a"));
  const test_support::Finished refused = quoit({"put", etc_.path("copy"), url + "c"}, bob_);
  EXPECT_EQ(refused.status, 22) << refused.err;
  const test_support::Finished without = quoit({"get", url + "a", "-o", "-"}, std::nullopt);
  EXPECT_EQ(without.status, 56);
  EXPECT_NE(without.err.find("the peer has refused: certificate required; give a certificate that "
                             "the server accepts with --cert FILE and --key FILE"),
            std::string::npos)
      << without.err;
}

}  // namespace
