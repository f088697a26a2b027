// TLS as a client sees it: handshakes, requests, ends, and certificates that are replaced.
#include <fstream>
#include <iterator>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
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
using test_support::KeyKind;
using test_support::noise;
using test_support::Process;
using test_support::RawClient;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;
using test_support::TlsClient;

std::string get(const std::string& target, const std::string& more = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

std::string put(const std::string& target, const std::string& body) {
  return "PUT " + target +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

class Tls : public testing::Test {
 protected:
  std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"--tls-cert", pair_.certificate, "--tls-key", pair_.key};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::shared_ptr<const ClientContext> context(TlsVersion most = TlsVersion::tls_1_3) const {
    crypto::Problem problem;
    auto made = ClientContext::make({.authorities_path = authority_.path(), .most = most}, problem);
    EXPECT_TRUE(made) << problem.text;
    return made;
  }
  TlsClient connect(const Site& site) const { return {site.connect(), *client_}; }

  Scratch etc_;
  Authority authority_{etc_.path()};
  Authority::Files pair_ = authority_.sign("server");
  std::shared_ptr<const ClientContext> client_ = context();
};

TEST_F(Tls, serves_and_stores_files_with_each_version_and_kind_of_key) {
  const Authority::Files rsa = authority_.sign("rsa", {.kind = KeyKind::rsa});
  const std::string large = noise(3'000'000);
  for (const Authority::Files& pair : {pair_, rsa}) {
    Site site({"--writable", "--tls-cert", pair.certificate, "--tls-key", pair.key});
    EXPECT_TRUE(site.urls()[0].starts_with("https://127.0.0.1:"));
    site.root.write("small", "small");
    site.root.write("large", large);
    for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
      TlsClient client(site.connect(), *context(version));
      ASSERT_TRUE(client.ok()) << client.failure();
      EXPECT_EQ(client.ask(get("/small")).body, "small");
      EXPECT_EQ(client.ask(get("/large")).body, large);
      EXPECT_EQ(client.ask(get("/large", "Range: bytes=1000000-2000000\r\n")).body,
                large.substr(1'000'000, 1'000'001));
      EXPECT_EQ(client.ask(get("/missing")).status, 404);
      EXPECT_EQ(client.ask(put("/new", large)).status, version == TlsVersion::tls_1_2 ? 201 : 204);
      EXPECT_TRUE(site.root.read("new") == large);
      EXPECT_EQ(client.ask(put("/tiny", "tiny")).status,
                version == TlsVersion::tls_1_2 ? 201 : 204);
      EXPECT_EQ(client.ask(get("/tiny")).body, "tiny");
    }
  }
}

TEST_F(Tls, answers_pipelined_requests_in_records_of_one_byte) {
  Site site(arguments());
  site.root.write("a", "first");
  site.root.write("b", "second");
  TlsClient client = connect(site);
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client.send(get("/a") + get("/b") + get("/a"), 1));
  EXPECT_EQ(client.read_response().body, "first");
  EXPECT_EQ(client.read_response().body, "second");
  EXPECT_EQ(client.read_response().body, "first");
}

TEST_F(Tls, takes_records_in_pieces_of_one_byte) {
  Site site(arguments());
  site.root.write("a", "first");
  TlsClient client = connect(site);
  ASSERT_TRUE(client.ok());
  for (const char byte : client.encrypt(get("/a"))) ASSERT_TRUE(client.raw().send({&byte, 1}));
  EXPECT_EQ(client.read_response().body, "first");
}

TEST_F(Tls, takes_bodies_in_chunks_and_requests_behind_them) {
  Site site(arguments({"--writable"}));
  TlsClient client = connect(site);
  ASSERT_TRUE(client.ok());
  const std::string chunk = noise(100'000);
  ASSERT_TRUE(
      client.send("PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n" +
                  chunk + "\r\n0\r\n\r\n" + get("/c")));
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_TRUE(client.read_response().body == chunk);
}

TEST_F(Tls, ends_with_close_notify) {
  Site site(arguments({"--idle-timeout", "1"}));
  site.root.write("a", noise(100'000));
  TlsClient last = connect(site);
  ASSERT_TRUE(last.ok());
  ASSERT_TRUE(last.send(get("/a", "Connection: close\r\n")));
  EXPECT_GT(last.read_to_end().size(), 100'000U);
  EXPECT_TRUE(last.session().has_peer_closed());
  TlsClient idle = connect(site);
  ASSERT_TRUE(idle.ok());
  EXPECT_EQ(idle.ask(get("/a")).status, 200);
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.session().has_peer_closed());
}

TEST_F(Tls, answers_before_the_end_that_the_client_has_announced) {
  Site site(arguments());
  site.root.write("a", "first");
  TlsClient client = connect(site);
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client.send(get("/a")));
  client.close_session();
  EXPECT_EQ(client.read_response().body, "first");
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(client.session().has_peer_closed());
}

TEST_F(Tls, publishes_no_body_that_ends_short) {
  Site site(arguments({"--writable"}));
  const std::string known = put("/short", noise(1'000'000)).substr(0, 500'000);
  const std::string unknown =
      "PUT /short HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "7a120\r\n" +
      noise(500'000) + "\r\n";
  for (const std::string& request : {known, unknown}) {
    for (const bool announces : {false, true}) {
      TlsClient client = connect(site);
      ASSERT_TRUE(client.ok());
      ASSERT_TRUE(client.send(request));
      if (announces) client.close_session();
      client.raw().finish_sending();
      client.read_to_end();
    }
  }
  EXPECT_FALSE(site.root.exists("short"));
  EXPECT_TRUE(eventually([&] { return site.root.list().empty(); }));
}

TEST_F(Tls, port_answers_plain_http_with_a_sentence) {
  Site site(arguments());
  RawClient client = site.connect();
  const Response response = client.ask(get("/"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, "this port speaks TLS; use https://\n");
  EXPECT_EQ(client.ending(), test_support::Ending::orderly);
  EXPECT_TRUE(eventually([&] {
    return site.process().err().find("it speaks HTTP without TLS") != std::string::npos;
  }));
}

TEST_F(Tls, leaves_addresses_with_http_before_them_plain) {
  Site site(arguments({"--listen", "http:127.0.0.1:0"}));
  site.root.write("a", "first");
  ASSERT_EQ(site.urls().size(), 2U);
  EXPECT_TRUE(site.urls()[0].starts_with("https://127.0.0.1:"));
  EXPECT_TRUE(site.urls()[1].starts_with("http://127.0.0.1:"));
  EXPECT_EQ(RawClient::to_port(site.port(1)).ask(get("/a")).body, "first");
  EXPECT_EQ(connect(site).ask(get("/a")).body, "first");
}

TEST_F(Tls, closes_connections_that_send_other_bytes) {
  Site site(arguments());
  for (const std::string& bytes : {std::string(1000, '\0'), noise(1000),
                                   std::string("\x16\x03\x01\x40\x00", 5) + noise(20'000),
                                   std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10)}) {
    RawClient client = site.connect();
    client.send(bytes);
    client.finish_sending();
    client.ending();
  }
  EXPECT_EQ(connect(site).ask(get("/")).status, 200);
}

TEST_F(Tls, ends_handshakes_that_take_too_long) {
  Site site(arguments({"--head-timeout", "1"}));
  RawClient silent = site.connect();
  RawClient half = site.connect();
  half.send(std::string("\x16\x03\x01\x02", 4));
  TlsClient record = connect(site);
  ASSERT_TRUE(record.ok());
  record.raw().send(record.encrypt(get("/")).substr(0, 10));
  EXPECT_EQ(silent.ending(), test_support::Ending::orderly);
  EXPECT_NE(half.ending(), test_support::Ending::not_yet);
  EXPECT_EQ(record.read_to_end(), "");
  EXPECT_TRUE(record.session().has_peer_closed());
  EXPECT_TRUE(eventually([&] {
    return site.process().err().find("its TLS handshake was not done in time") != std::string::npos;
  }));
}

TEST_F(Tls, accepts_no_version_below_tls_min) {
  Site site(arguments({"--tls-min", "1.3"}));
  EXPECT_TRUE(connect(site).ok());
  const TlsClient old(site.connect(), *context(TlsVersion::tls_1_2));
  EXPECT_EQ(old.failure(), "the peer has refused: protocol version");
}

TEST_F(Tls, chooses_the_certificate_by_name) {
  const auto other = authority_.sign("other", {.names = {"other.test", "*.wild.test"}});
  Site site(arguments({"--tls-cert", other.certificate, "--tls-key", other.key}));
  for (const char* const host : {"localhost", "other.test", "a.wild.test"}) {
    EXPECT_TRUE(TlsClient(site.connect(), *client_, host).ok()) << host;
  }
  EXPECT_EQ(TlsClient(site.connect(), *client_, "unknown.test").failure(),
            "the certificate is not for unknown.test");
}

// Sends SIGHUP and waits until the server has printed another line with that text.
void reload(const Site& site, const std::string& text) {
  const std::size_t before = site.process().err().size();
  site.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] {
    return site.process().err().find(text, before) != std::string::npos;
  })) << site.process().err();
}

TEST_F(Tls, uses_a_new_certificate_after_a_reload_and_resumes_earlier_sessions) {
  // As certbot has them: links into another directory, which are replaced.
  etc_.make_directory("live");
  etc_.make_directory("archive");
  const auto install = [&](const Authority::Files& files, const std::string& number) {
    etc_.write("archive/cert" + number,
               *etc_.read(files.certificate.substr(etc_.path().size() + 1)));
    etc_.write("archive/key" + number, *etc_.read(files.key.substr(etc_.path().size() + 1)));
    ::chmod(etc_.path("archive/key" + number).c_str(), 0600);
    etc_.remove("live/cert");
    etc_.remove("live/key");
    etc_.make_link("live/cert", "../archive/cert" + number);
    etc_.make_link("live/key", "../archive/key" + number);
  };
  install(pair_, "1");
  Site site({"--tls-cert", etc_.path("live/cert"), "--tls-key", etc_.path("live/key")});
  site.root.write("a", "first");
  TlsClient kept = connect(site);
  EXPECT_EQ(kept.ask(get("/a")).body, "first");
  reload(site, "configuration reloaded: nothing changed");

  install(authority_.sign("next", {.names = {"next.test"}}), "2");
  reload(site, "configuration reloaded: certificates changed");
  EXPECT_EQ(kept.ask(get("/a")).body, "first");
  EXPECT_TRUE(TlsClient(site.connect(), *client_, "next.test").ok());
  EXPECT_FALSE(connect(site).ok());
  TlsClient resumed(site.connect(), *client_, "localhost", &kept);
  EXPECT_TRUE(resumed.ok() && resumed.session().is_resumed());
  EXPECT_EQ(resumed.ask(get("/a")).body, "first");

  etc_.write("archive/key2", "no key");
  reload(site, "the configuration is not reloaded");
  EXPECT_TRUE(TlsClient(site.connect(), *client_, "next.test").ok());
}

TEST_F(Tls, keeps_the_key_out_of_core_files) {
  const Site site(arguments());
  std::ifstream file("/proc/" + std::to_string(site.process().pid()) + "/limits");
  const std::string limits((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(limits.find("Max core file size        0                    0 "), std::string::npos);
}

TEST_F(Tls, refuses_files_and_options_that_cannot_be_used) {
  const auto other = authority_.sign("other");
  const auto open = authority_.sign("open");
  ::chmod(open.key.c_str(), 0644);
  const Scratch root;
  root.write("served.key", "a key that every client could get");
  struct Row {
    std::vector<std::string> arguments;
    int status;
    std::string text;
  };
  const std::vector<Row> rows = {
      {{"--tls-cert", pair_.certificate}, 78, "--tls-cert is given 1 time and --tls-key 0 times"},
      {{"--tls-cert", etc_.path("missing"), "--tls-key", pair_.key}, 78, "No such file"},
      {{"--tls-cert", pair_.certificate, "--tls-key", other.key}, 78, "does not belong to"},
      {{"--tls-cert", open.certificate, "--tls-key", open.key}, 78, "chmod o="},
      {{"--tls-cert", pair_.certificate, "--tls-key", root.path("served.key")}, 78, "below ROOT"},
      {{"--tls-cert", pair_.certificate, "--tls-key", pair_.key, "--tls-min", "1.1"}, 64, "1.2"},
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

}  // namespace
