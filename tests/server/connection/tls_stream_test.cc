// TLS connections on the simulated engine: cut at every byte, without provided buffers, with slow
// peers, and with faults.
#include "apps/server/connection/tls_stream.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/crypto/client_context.h"
#include "apps/crypto/server_context.h"
#include "tests/server/world.h"
#include "tests/support/certificates.h"

namespace server {
namespace {

using crypto::TlsBuffers;
using crypto::TlsProgress;
using test_support::Authority;

// Certificates that all tests of this file use.
struct Certificates {
  lab::Folder folder;
  Authority authority{folder.path().string()};
  Authority::Files pair = authority.sign("server");
};

const Certificates& certificates() {
  static const Certificates all;
  return all;
}

class OnTls : public lab::InWorld {
 protected:
  OnTls() {
    crypto::Problem problem;
    const auto& pair = certificates().pair;
    world.generation->tls = crypto::ServerContext::make(
        {.pairs = {{pair.certificate, pair.key}}, .ticket_keys = crypto::TicketKeys::make()},
        problem);
    client_ = crypto::ClientContext::make(
        {.authorities_path = certificates().authority.path(), .most = version_}, problem);
    EXPECT_FALSE(problem) << problem.text;
  }

  std::uint64_t handshakes(Handshake outcome) const {
    return world.worker.handshakes[static_cast<std::size_t>(outcome)];
  }

  // A client and its connection.
  struct Peer {
    std::unique_ptr<crypto::TlsSession> session;
    int socket = -1;
    std::size_t taken = 0;  // bytes of the server that the session has got
    std::size_t sent = 0;   // all bytes that were sent
    std::size_t cut = 0;    // the position after which the server iterates; 0: none
    std::string plain = {};
    TlsProgress progress = TlsProgress::wants_input;
  };

  Peer connect() {
    finish_site(world.site);
    world.worker.update_policy();
    Peer peer{.session = client_->new_session("localhost"), .socket = world.engine.connected()};
    Connection* const c = world.worker.admit(peer.socket, true);
    EXPECT_TRUE(c);
    if (c) start_serving(*c);
    return peer;
  }

  // Sends bytes, in two parts if the cut is within them.
  void send(Peer& peer, std::string_view bytes) {
    if (peer.cut > peer.sent && peer.cut < peer.sent + bytes.size()) {
      const std::size_t first = peer.cut - peer.sent;
      world.engine.peer_sends(peer.socket, bytes.substr(0, first));
      world.settle();
      peer.sent += first;
      bytes.remove_prefix(first);
    }
    if (!bytes.empty()) world.engine.peer_sends(peer.socket, bytes);
    peer.sent += bytes.size();
    world.settle();
  }

  // Handles all that the server has sent.
  void receive(Peer& peer) {
    for (bool goes_on = true; goes_on;) {
      const std::string arrived(world.engine.peer_received(peer.socket).substr(peer.taken));
      std::vector<char> out(65536);
      std::vector<char> plain(20'000);
      TlsBuffers buffers{.in = arrived, .out = out};
      if (!peer.session->is_established()) {
        peer.progress = peer.session->handshake(buffers);
        goes_on = peer.progress == TlsProgress::done;
      } else {
        const auto got = peer.session->read(buffers, plain);
        peer.progress = got.progress;
        peer.plain.append(plain.data(), got.count);
        goes_on = got.progress == TlsProgress::done;
      }
      peer.taken += arrived.size() - buffers.in.size();
      const std::size_t written = out.size() - buffers.out.size();
      if (written > 0) {
        send(peer, {out.data(), written});
        goes_on = true;
      }
    }
  }

  void say(Peer& peer, std::string_view text) {
    std::vector<char> out(65536);
    while (!text.empty()) {
      TlsBuffers buffers{.in = {}, .out = out};
      text.remove_prefix(peer.session->write(buffers, text));
      send(peer, {out.data(), out.size() - buffers.out.size()});
    }
    receive(peer);
  }

  bool shake_hands(Peer& peer) {
    receive(peer);
    return peer.session->is_established();
  }

  crypto::TlsVersion version_ = crypto::TlsVersion::tls_1_3;
  std::shared_ptr<const crypto::ClientContext> client_;
};

constexpr uring::Milliseconds slack_ms = 200;  // timers are that exact
constexpr std::string_view request = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(OnTls, a_handshake_and_a_request_may_be_cut_at_every_byte) {
  world.root.put("file", "contents");
  Peer whole = connect();
  ASSERT_TRUE(shake_hands(whole));
  say(whole, request);
  ASSERT_TRUE(whole.plain.ends_with("\r\n\r\ncontents"));
  for (std::size_t cut = 1; cut < whole.sent; ++cut) {
    Peer peer = connect();
    peer.cut = cut;
    ASSERT_TRUE(shake_hands(peer)) << cut;
    say(peer, request);
    ASSERT_TRUE(peer.plain.ends_with("\r\n\r\ncontents")) << cut;
    world.engine.peer_finishes(peer.socket);
    world.settle();
    ASSERT_TRUE(world.engine.closed(peer.socket)) << cut;
  }
}

TEST_F(OnTls, requests_with_bodies_may_be_cut_at_every_byte) {
  world.site.writable = true;
  const std::string put =
      "PUT /new HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  Peer whole = connect();
  ASSERT_TRUE(shake_hands(whole));
  const std::size_t begin = whole.sent;
  say(whole, put + "GET /new HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(whole.plain.ends_with("\r\n\r\nhello"));
  for (std::size_t cut = begin + 1; cut < whole.sent; ++cut) {
    Peer peer = connect();
    peer.cut = cut;
    ASSERT_TRUE(shake_hands(peer)) << cut;
    say(peer, put + "GET /new HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(peer.plain.ends_with("\r\n\r\nhello")) << cut << peer.plain;
    world.engine.peer_finishes(peer.socket);
    world.settle();
  }
}

TEST_F(OnTls, an_idle_connection_keeps_no_block_and_no_buffer) {
  world.root.put("file", "contents");
  Peer peer = connect();
  ASSERT_TRUE(shake_hands(peer));
  EXPECT_EQ(world.worker.blocks.lent(), 0U);
  say(peer, request);
  EXPECT_EQ(world.worker.blocks.lent(), 0U);
  EXPECT_EQ(world.engine.buffers_in_use(), 0U);
}

TEST_F(OnTls, a_part_of_a_record_has_the_time_of_a_head) {
  Peer peer = connect();
  ASSERT_TRUE(shake_hands(peer));
  std::vector<char> out(1000);
  TlsBuffers buffers{.in = {}, .out = out};
  ASSERT_GT(peer.session->write(buffers, request), 0U);
  send(peer, {out.data(), 20});
  world.pass(world.site.timeouts.head_ms - slack_ms);
  EXPECT_FALSE(world.engine.closed(peer.socket));
  world.pass(2 * slack_ms);
  EXPECT_TRUE(world.engine.closed(peer.socket));
}

TEST_F(OnTls, a_handshake_has_the_time_of_a_head_in_all) {
  Peer peer = connect();
  const uring::Milliseconds limit = world.site.timeouts.head_ms;
  world.engine.peer_sends(peer.socket, "\x16");
  world.pass(limit / 2);
  world.engine.peer_sends(peer.socket, "\x03");
  world.pass(limit / 2 - slack_ms);
  EXPECT_FALSE(world.engine.closed(peer.socket));
  world.pass(2 * slack_ms);
  EXPECT_TRUE(world.engine.closed(peer.socket));
  EXPECT_EQ(handshakes(Handshake::late), 1U);
}

TEST_F(OnTls, outcomes_of_handshakes_are_counted) {
  Peer full = connect();
  ASSERT_TRUE(shake_hands(full));
  EXPECT_EQ(world.worker.live_tls, 1U);
  Peer garbage = connect();
  send(garbage, std::string("\x16\x03\x01\x00\x05xxxxx", 10));
  EXPECT_TRUE(world.engine.closed(garbage.socket));
  Peer plain = connect();
  send(plain, "GET / HTTP/1.1\r\n\r\n");
  world.engine.peer_finishes(plain.socket);
  world.settle();
  EXPECT_TRUE(world.engine.closed(plain.socket));
  EXPECT_EQ(world.worker.live_tls, 1U) << "the others have ended";
  EXPECT_EQ(handshakes(Handshake::full), 1U);
  EXPECT_EQ(handshakes(Handshake::malformed), 1U);
  EXPECT_EQ(handshakes(Handshake::plain_http), 1U);
}

TEST_F(OnTls, a_large_response_waits_for_a_slow_peer) {
  const std::string contents = lab::pattern(700'000);
  world.root.put("file", contents);
  Peer peer = connect();
  ASSERT_TRUE(shake_hands(peer));
  say(peer, request);
  for (int i = 0; i < 2000 && !peer.plain.ends_with(contents); ++i) {
    world.engine.peer_takes(peer.socket, 10'000);
    world.settle();
    receive(peer);
  }
  EXPECT_TRUE(peer.plain.ends_with(contents));
}

TEST_F(OnTls, records_grow_behind_the_first_64_kib) {
  world.root.put("file", lab::pattern(200'000));
  Peer peer = connect();
  ASSERT_TRUE(shake_hands(peer));
  const std::size_t begin = peer.taken;
  say(peer, request);
  std::string_view bytes = world.engine.peer_received(peer.socket).substr(begin);
  std::vector<std::size_t> sizes;
  while (bytes.size() > 5) {
    const std::size_t size =
        static_cast<unsigned char>(bytes[3]) * 256U + static_cast<unsigned char>(bytes[4]);
    sizes.push_back(size);
    bytes.remove_prefix(5 + size);
  }
  ASSERT_GT(sizes.size(), 20U);
  EXPECT_LE(sizes.front(), 4096U + 17U);
  EXPECT_EQ(sizes[sizes.size() - 2], 16384U + 17U);
}

}  // namespace
}  // namespace server
