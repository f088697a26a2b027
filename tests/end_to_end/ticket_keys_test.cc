// Session tickets across a reload, a restart and several servers, by the keys of a file.
#include <memory>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/crypto/client_context.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/site.h"
#include "tests/support/tls_client.h"

namespace {

using crypto::ClientContext;
using crypto::TlsVersion;
using test_support::Authority;
using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::Process;
using test_support::Scratch;
using test_support::Site;
using test_support::TlsClient;

// Of each version of TLS, because tickets differ.
class TicketKeys : public testing::TestWithParam<TlsVersion> {
 protected:
  TicketKeys() {
    crypto::Problem problem;
    client_ =
        ClientContext::make({.authorities_path = authority_.path(), .most = GetParam()}, problem);
    write(first_);
  }
  void write(const std::string& keys, mode_t mode = 0640) const {
    etc_.write("tickets", keys);
    ::chmod(etc_.path("tickets").c_str(), mode);
  }
  std::vector<std::string> arguments() const {
    return {"--tls-cert", pair_.certificate,   "--tls-key",
            pair_.key,    "--tls-ticket-keys", etc_.path("tickets")};
  }
  // A client that has sent a request, and so has received its ticket.
  TlsClient visit(const Site& site, const TlsClient* before = nullptr) const {
    TlsClient client(site.connect(), *client_, "localhost", before);
    EXPECT_EQ(client.ask(get("/missing")).status, 404);
    return client;
  }
  bool resumes(const Site& site, const TlsClient& before) const {
    return visit(site, &before).session().is_resumed();
  }
  static void reload(const Site& site, const std::string& text) {
    const std::size_t before = site.process().err().size();
    site.signal(SIGHUP);
    EXPECT_TRUE(eventually([&] {
      return site.process().err().find(text, before) != std::string::npos;
    })) << site.process().err();
  }

  Scratch etc_;
  Authority authority_{etc_.path()};
  Authority::Files pair_ = authority_.sign("server");
  std::shared_ptr<const ClientContext> client_;
  const std::string all_ = noise(3 * 80);
  const std::string first_ = all_.substr(0, 80);
  const std::string second_ = all_.substr(80, 80);
  const std::string third_ = all_.substr(160);
};

TEST_P(TicketKeys, resume_sessions_after_a_restart_and_at_another_server) {
  auto site = std::make_unique<Site>(arguments());
  const TlsClient before = visit(*site);
  EXPECT_FALSE(before.session().is_resumed());
  EXPECT_TRUE(resumes(*site, before));
  const Site other(arguments());
  EXPECT_TRUE(resumes(other, before));
  site = nullptr;
  const Site restarted(arguments());
  EXPECT_TRUE(resumes(restarted, before));
  const Site stranger({"--tls-cert", pair_.certificate, "--tls-key", pair_.key});
  EXPECT_FALSE(resumes(stranger, before));
}

TEST_P(TicketKeys, are_replaced_by_a_reload_as_the_file_says) {
  const Site site(arguments());
  const TlsClient of_first = visit(site);
  reload(site, "configuration reloaded: nothing changed");
  EXPECT_TRUE(resumes(site, of_first));

  write(second_ + first_);
  reload(site, "configuration reloaded: ticket keys changed");
  EXPECT_TRUE(resumes(site, of_first));
  const TlsClient of_second = visit(site);

  write(third_ + second_);
  reload(site, "configuration reloaded: ticket keys changed");
  EXPECT_FALSE(resumes(site, of_first)) << "a full handshake, and no error";
  EXPECT_TRUE(resumes(site, of_second));

  write("short");
  reload(site, "the old one stays in use: TLS: " + etc_.path("tickets") + " has 5 bytes");
  EXPECT_TRUE(resumes(site, of_second));
}

TEST_P(TicketKeys, are_refused_where_they_cannot_be_used_or_others_may_use_them) {
  const Scratch root;
  root.write("served", first_);
  write(first_, 0644);
  etc_.write("empty", "");
  struct Row {
    std::vector<std::string> arguments;
    int status;
    std::string text;
  };
  const std::vector<std::string> pair = {"--tls-cert", pair_.certificate, "--tls-key", pair_.key};
  const auto with = [&](const std::string& path) {
    std::vector<std::string> all = pair;
    all.insert(all.end(), {"--tls-ticket-keys", path});
    return all;
  };
  const std::vector<Row> rows = {
      {with(etc_.path("tickets")), 78, "change that by 'chmod o= "},
      {with(etc_.path("missing")), 78, "No such file"},
      {with(etc_.path("empty")), 78, "must have 80 for each ticket key"},
      {with(root.path("served")), 78, "is below ROOT"},
      {{"--tls-ticket-keys", etc_.path("tickets")}, 64, "--tls-ticket-keys has no effect without"},
  };
  for (const Row& row : rows) {
    std::vector<std::string> command = {test_support::quoitd_path(), "--listen", "127.0.0.1:0"};
    command.insert(command.end(), row.arguments.begin(), row.arguments.end());
    command.push_back(root.path());
    Process process(command);
    EXPECT_EQ(process.wait(), row.status) << process.err();
    EXPECT_NE(process.err().find(row.text), std::string::npos) << process.err();
  }
}

INSTANTIATE_TEST_SUITE_P(Of, TicketKeys, testing::Values(TlsVersion::tls_1_2, TlsVersion::tls_1_3),
                         [](const auto& row) {
                           return row.param == TlsVersion::tls_1_2 ? "tls_1_2" : "tls_1_3";
                         });

}  // namespace
