// Certificates, servers and connections that end while clients speak TLS: none of the clients
// notices more than it must.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "apps/crypto/client_context.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/site.h"
#include "tests/support/tls_client.h"

namespace {

using crypto::ClientContext;
using test_support::Authority;
using test_support::eventually;
using test_support::get;
using test_support::KeyKind;
using test_support::noise;
using test_support::RawClient;
using test_support::request;
using test_support::Scratch;
using test_support::Site;
using test_support::Timeout;
using test_support::TlsClient;

struct Tally {
  std::atomic<int> kept = 0;     // responses on connections that were made before
  std::atomic<int> fresh = 0;    // connections with one response and a proper end
  std::atomic<int> resumed = 0;  // those that have resumed a session
  std::atomic<int> lost = 0;
  std::atomic<bool> ends = false;
};

// Certificates in files that change, and the files that are served.
class Place {
 public:
  Place() {
    install(ec_);
    files.write("a", "hello");
  }

  std::unique_ptr<Site> start(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--tls-cert", etc_.path("cert"), "--tls-key", etc_.path("key"),
                             "--writable", "--grace", "3600", "--body-timeout", "3600",
                             "--head-timeout", "3600", "--idle-timeout", "3600"});
    return std::make_unique<Site>(more, test_support::SiteSetup{.served = files.path()});
  }
  std::string control() const { return etc_.path("control"); }
  TlsClient connect(std::uint16_t port, const TlsClient* before = nullptr) const {
    return {RawClient::to_port(port), *client_, "localhost", before};
  }

  void install_ec() const { install(ec_); }
  void install_rsa() const { install(rsa_); }

  void keep_asking(std::uint16_t port, Tally& tally) const {
    TlsClient client = connect(port);
    while (!tally.ends) ++(client.ask(get("/a")).body == "hello" ? tally.kept : tally.lost);
  }
  // Connects again and again; every second connection resumes the session of the one before.
  void keep_connecting(std::uint16_t port, Tally& tally) const {
    while (!tally.ends) {
      TlsClient first = connect(port);
      const bool is_whole = ask_once(first);
      TlsClient second = connect(port, &first);
      if (second.ok() && second.session().is_resumed()) ++tally.resumed;
      ++(is_whole && ask_once(second) ? tally.fresh : tally.lost);
    }
  }

  Scratch files;

 private:
  static bool ask_once(TlsClient& client) {
    if (!client.ok() || !client.send(get("/a", {"Connection: close"}))) return false;
    return client.read_to_end().ends_with("hello") && client.session().has_peer_closed();
  }
  void install(const Authority::Files& files_of_pair) const {
    const std::size_t begin = etc_.path().size() + 1;
    etc_.write("cert", *etc_.read(files_of_pair.certificate.substr(begin)));
    etc_.write("key", *etc_.read(files_of_pair.key.substr(begin)));
    ::chmod(etc_.path("key").c_str(), 0600);
  }
  std::shared_ptr<const ClientContext> context() const {
    crypto::Problem problem;
    auto made = ClientContext::make({.authorities_path = authority_.path()}, problem);
    EXPECT_TRUE(made) << problem.text;
    return made;
  }

  Scratch etc_;
  Authority authority_{etc_.path()};
  Authority::Files ec_ = authority_.sign("ec");
  Authority::Files rsa_ = authority_.sign("rsa", {.kind = KeyKind::rsa});
  std::shared_ptr<const ClientContext> client_ = context();
};

// QUOIT_RELOADS in the environment changes the number of reloads.
int reload_count() {
  const char* const text = std::getenv("QUOIT_RELOADS");
  return text ? std::atoi(text) : 6;
}

TEST(TlsReload, CertificatesThatAlternateUnderLoadFailNoRequest) {
  const Place place;
  const std::unique_ptr<Site> site = place.start();
  Tally tally;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] { place.keep_asking(site->port(), tally); });
    clients.emplace_back([&] { place.keep_connecting(site->port(), tally); });
  }
  const int count = reload_count();
  for (int i = 0; i < count; ++i) {
    const int fresh = tally.fresh;
    EXPECT_TRUE(eventually([&] { return tally.fresh >= fresh + 4; }));
    i % 2 == 0 ? place.install_rsa() : place.install_ec();
    const std::size_t before = site->process().err().size();
    site->signal(SIGHUP);
    ASSERT_TRUE(eventually([&] {
      return site->process().err().find("certificates changed", before) != std::string::npos;
    })) << site->process().err();
  }
  tally.ends = true;
  clients.clear();
  EXPECT_EQ(tally.lost, 0) << site->process().err();
  EXPECT_GE(tally.fresh, count * 4);
  EXPECT_GT(tally.kept, count);
  // A reload keeps the keys of tickets, and any certificate goes with them.
  EXPECT_EQ(tally.resumed, tally.fresh);
  std::printf("%d reloads, %d kept responses, %d fresh connections\n", count, tally.kept.load(),
              tally.fresh.load());
}

TEST(TlsReload, ReplacementUnderLoadFailsNoConnection) {
  const Place place;
  std::unique_ptr<Site> site = place.start({"--control", place.control()});
  const std::uint16_t port = site->port();
  Tally tally;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] { place.keep_connecting(port, tally); });
  }
  for (int generation = 0; generation < 5; ++generation) {
    const int fresh = tally.fresh;
    EXPECT_TRUE(eventually([&] { return tally.fresh >= fresh + 10; }));
    std::unique_ptr<Site> next = place.start({"--control", place.control()});
    EXPECT_EQ(next->port(), port);
    EXPECT_EQ(site->wait(), 0) << site->process().err();
    site = std::move(next);
  }
  tally.ends = true;
  clients.clear();
  EXPECT_EQ(tally.lost, 0);
}

TEST(TlsReload, ReplacedServerFinishesDownloadsAndUploadsAndEndsIdleConnections) {
  const Place place;
  const std::string bytes = noise(20'000'000);
  place.files.write("large", bytes);
  std::unique_ptr<Site> first = place.start({"--control", place.control()});
  TlsClient idle = place.connect(first->port());
  EXPECT_EQ(idle.ask(get("/a")).body, "hello");
  TlsClient download = place.connect(first->port());
  ASSERT_TRUE(download.send(get("/large")));
  ASSERT_TRUE(download.raw().has_bytes(30'000));
  TlsClient upload = place.connect(first->port());
  ASSERT_TRUE(
      upload.send(request("PUT", "/up", {"Content-Length: 1000000"}) + bytes.substr(0, 300'000)));
  EXPECT_TRUE(eventually([&] { return place.files.list().size() == 3; }));  // a temporary file
  const std::unique_ptr<Site> second = place.start({"--control", place.control()});
  EXPECT_TRUE(first->process().wait_for_err("has taken over")) << first->process().err();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.session().has_peer_closed());
  EXPECT_TRUE(download.read_response().body == bytes);
  EXPECT_TRUE(upload.send(std::string_view(bytes).substr(300'000, 700'000)));
  EXPECT_EQ(upload.read_response().status, 201);
  EXPECT_EQ(first->wait(), 0);
  EXPECT_TRUE(place.files.read("up") == bytes.substr(0, 1'000'000));
  EXPECT_EQ(place.connect(second->port()).ask(get("/a")).body, "hello");
}

TEST(TlsReload, StoppedServerFinishesADownloadAndEndsProperly) {
  const Place place;
  const std::string bytes = noise(20'000'000);
  place.files.write("large", bytes);
  const std::unique_ptr<Site> site = place.start();
  TlsClient idle = place.connect(site->port());
  EXPECT_EQ(idle.ask(get("/a")).body, "hello");
  TlsClient download = place.connect(site->port());
  ASSERT_TRUE(download.send(get("/large")));
  ASSERT_TRUE(download.raw().has_bytes(30'000));
  site->signal(SIGTERM);
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.session().has_peer_closed());
  EXPECT_TRUE(download.read_to_end().ends_with(bytes));
  EXPECT_TRUE(download.session().has_peer_closed());
  EXPECT_EQ(site->wait(), 0);
}

}  // namespace
