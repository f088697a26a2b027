// Handshakes, records and ends of sessions, in pairs.
#include "apps/crypto/tls_session.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/crypto/session_pair.h"
#include "tests/support/certificates.h"
#include "tests/support/scratch.h"

namespace crypto {
namespace {

using test_support::Authority;
using test_support::CertificateTerms;
using test_support::KeyKind;

struct Case {
  const char* name;
  KeyKind kind;
  TlsVersion version;
};

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

// The files and contexts of a test.
struct Contexts {
  explicit Contexts(KeyKind kind = KeyKind::ec, TlsVersion most = TlsVersion::tls_1_3)
      : pair(authority.sign("server", {.kind = kind})) {
    Problem problem;
    server = ServerContext::make({.pairs = {{pair.certificate, pair.key}}, .ticket_keys = keys},
                                 problem);
    EXPECT_FALSE(problem) << problem.text;
    client = ClientContext::make({.authorities_path = authority.path(), .most = most}, problem);
    EXPECT_FALSE(problem) << problem.text;
  }
  SessionPair sessions(const std::string& host = "localhost") const {
    return {server->new_session(), client->new_session(host)};
  }

  test_support::Scratch scratch;
  Authority authority{scratch.path()};
  Authority::Files pair;
  std::shared_ptr<TicketKeys> keys = TicketKeys::make();
  std::shared_ptr<const ServerContext> server;
  std::shared_ptr<const ClientContext> client;
};

class EachKind : public testing::TestWithParam<Case> {
 protected:
  EachKind() : contexts_(GetParam().kind, GetParam().version) {}

  SessionPair sessions() const { return contexts_.sessions(); }

  Contexts contexts_;
};

INSTANTIATE_TEST_SUITE_P(Sessions, EachKind,
                         testing::Values(Case{"of_1_3_with_ec", KeyKind::ec, TlsVersion::tls_1_3},
                                         Case{"of_1_3_with_rsa", KeyKind::rsa, TlsVersion::tls_1_3},
                                         Case{"of_1_2_with_ec", KeyKind::ec, TlsVersion::tls_1_2},
                                         Case{"of_1_2_with_rsa", KeyKind::rsa,
                                              TlsVersion::tls_1_2}),
                         name_of);

TEST_P(EachKind, agree_on_version_cipher_and_protocol) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands()) << pair.server.session->failure();
  const bool is_1_3 = GetParam().version == TlsVersion::tls_1_3;
  for (const End* const end : {&pair.server, &pair.client}) {
    EXPECT_STREQ(end->session->version(), is_1_3 ? "TLSv1.3" : "TLSv1.2");
    EXPECT_NE(std::string(end->session->cipher()).find("AES"), std::string::npos);
    EXPECT_NE(std::string(end->session->cipher()).find("128"), std::string::npos);
    EXPECT_EQ(end->session->protocol(), "http/1.1");
    EXPECT_FALSE(end->session->is_resumed());
    EXPECT_TRUE(end->session->is_empty());
  }
  EXPECT_EQ(pair.server.session->server_name(), "localhost");
}

TEST_P(EachKind, shake_hands_in_single_bytes) {
  SessionPair pair = sessions();
  pair.server.piece = pair.client.piece = 1;
  ASSERT_TRUE(pair.shake_hands());
}

TEST_P(EachKind, shake_hands_with_a_cut_at_every_byte) {
  SessionPair whole = sessions();
  ASSERT_TRUE(whole.shake_hands());
  const std::size_t to_server = whole.server.delivered;
  const std::size_t to_client = whole.client.delivered;
  ASSERT_GT(to_server, 200U);
  ASSERT_GT(to_client, 500U);
  for (std::size_t cut = 1; cut < std::max(to_server, to_client); ++cut) {
    SessionPair pair = sessions();
    pair.server.cut = pair.client.cut = cut;
    ASSERT_TRUE(pair.shake_hands()) << "cut at " << cut;
    SessionPair::write(pair.client, "request");
    SessionPair::write(pair.server, "response");
    pair.deliver_all();
    ASSERT_EQ(pair.server.plain, "request") << "cut at " << cut;
    ASSERT_EQ(pair.client.plain, "response") << "cut at " << cut;
  }
}

TEST_P(EachKind, shake_hands_with_little_memory_for_output) {
  for (const std::size_t bytes : {1U, 7U, 100U, 1000U}) {
    SessionPair pair = sessions();
    pair.server.out_bytes = pair.client.out_bytes = bytes;
    ASSERT_TRUE(pair.shake_hands()) << bytes;
  }
}

TEST_P(EachKind, send_large_texts_whole) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands());
  const std::string text = test_support::noise(300'000);
  SessionPair::write(pair.server, text);
  pair.deliver_all();
  EXPECT_EQ(pair.client.plain, text);
  SessionPair::write(pair.client, text);
  pair.server.piece = 777;
  pair.deliver_all();
  EXPECT_EQ(pair.server.plain, text);
}

TEST_P(EachKind, end_with_close_notify) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands());
  SessionPair::write(pair.server, "the end");
  SessionPair::close(pair.server);
  pair.deliver_all();
  EXPECT_EQ(pair.client.plain, "the end");
  EXPECT_EQ(pair.client.progress, TlsProgress::closed);
  EXPECT_TRUE(pair.client.session->has_peer_closed());
  EXPECT_FALSE(pair.server.session->has_peer_closed());
}

TEST_P(EachKind, still_send_after_the_peer_has_closed) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands());
  SessionPair::close(pair.client);
  pair.deliver_all();
  EXPECT_TRUE(pair.server.session->has_peer_closed());
  SessionPair::write(pair.server, "response");
  pair.deliver_all();
  EXPECT_EQ(pair.client.plain, "response");
}

TEST_P(EachKind, write_records_of_the_size_that_the_bound_allows) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands());
  std::string text(TlsSession::most_in_record + 1, 'x');
  std::string memory(TlsSession::most_in_record + TlsSession::record_overhead, '\0');
  TlsBuffers buffers{.in = {}, .out = memory};
  EXPECT_EQ(pair.server.session->write(buffers, text), TlsSession::most_in_record);
  buffers.out = std::span(memory).first(TlsSession::record_overhead + 100);
  EXPECT_EQ(pair.server.session->write(buffers, text), 100U);
  buffers.out = std::span(memory).first(TlsSession::record_overhead);
  EXPECT_EQ(pair.server.session->write(buffers, text), 0U);
  EXPECT_EQ(pair.server.session->fault(), TlsFault::none);
}

TEST_P(EachKind, are_not_empty_with_a_part_of_a_record) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands());
  SessionPair::write(pair.client, "request");
  const std::size_t size = pair.client.sent.size();
  pair.server.piece = 1;
  for (std::size_t i = 0; i + 1 < size; ++i) {
    EXPECT_TRUE(SessionPair::deliver(pair.client, pair.server));
    EXPECT_TRUE(pair.server.plain.empty());
    EXPECT_FALSE(pair.server.session->is_empty()) << i;
  }
  EXPECT_TRUE(SessionPair::deliver(pair.client, pair.server));
  EXPECT_EQ(pair.server.plain, "request");
  EXPECT_TRUE(pair.server.session->is_empty());
}

TEST_P(EachKind, are_not_empty_with_plain_text_that_was_not_read) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands());
  SessionPair::write(pair.client, "request");
  std::array<char, 3> space;
  std::array<char, TlsSession::least_out> out;
  TlsBuffers buffers{.in = pair.client.sent, .out = out};
  EXPECT_EQ(pair.server.session->read(buffers, space).count, 3U);
  EXPECT_TRUE(buffers.in.empty());
  EXPECT_FALSE(pair.server.session->is_empty());
  EXPECT_EQ(pair.server.session->read(buffers, space).count, 3U);
  EXPECT_EQ(pair.server.session->read(buffers, space).count, 1U);
  EXPECT_TRUE(pair.server.session->is_empty());
}

TEST_P(EachKind, fail_at_a_changed_byte_and_stay_failed) {
  SessionPair pair = sessions();
  ASSERT_TRUE(pair.shake_hands());
  SessionPair::write(pair.client, "request");
  pair.client.sent.back() = static_cast<char>(pair.client.sent.back() ^ 1);
  SessionPair::deliver(pair.client, pair.server);
  EXPECT_EQ(pair.server.progress, TlsProgress::failed);
  EXPECT_EQ(pair.server.session->fault(), TlsFault::protocol);
  EXPECT_FALSE(pair.server.session->failure().empty());
  EXPECT_TRUE(pair.server.plain.empty());
  pair.deliver_all();  // the alert
  EXPECT_EQ(pair.client.session->fault(), TlsFault::refused_by_peer);
  SessionPair::write(pair.server, "more");
  EXPECT_TRUE(pair.server.sent.empty());
}

TEST(Servers, fail_at_bytes_that_are_no_handshake) {
  const Contexts contexts;
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100, '\0'), test_support::noise(300),
        std::string("\x16\x03\x01\xff\xff", 5) + test_support::noise(300),
        std::string("\x80\x2e\x01\x00\x02", 5) + std::string(60, '\0')}) {
    SessionPair pair = contexts.sessions();
    pair.client.sent = bytes;
    SessionPair::deliver(pair.client, pair.server);
    EXPECT_EQ(pair.server.progress, TlsProgress::failed);
    EXPECT_EQ(pair.server.session->fault(), TlsFault::protocol);
    EXPECT_FALSE(pair.server.session->failure().empty());
  }
}

TEST(Servers, accept_no_version_below_the_least) {
  Contexts contexts(KeyKind::ec, TlsVersion::tls_1_2);
  Problem problem;
  contexts.server = ServerContext::make({.pairs = {{contexts.pair.certificate, contexts.pair.key}},
                                         .least = TlsVersion::tls_1_3,
                                         .ticket_keys = contexts.keys},
                                        problem);
  SessionPair pair = contexts.sessions();
  EXPECT_FALSE(pair.shake_hands());
  EXPECT_EQ(pair.server.session->failure(), "unsupported protocol");
  EXPECT_EQ(pair.client.session->failure(), "the peer has refused: protocol version");
}

TEST(Clients, report_the_end_of_the_stream_within_a_handshake) {
  const Contexts contexts;
  SessionPair pair = contexts.sessions();
  SessionPair::step_handshake(pair.client);
  EXPECT_EQ(pair.client.progress, TlsProgress::wants_input);
  EXPECT_FALSE(pair.client.session->has_peer_closed());
}

}  // namespace
}  // namespace crypto
