// https:// URLs: the real program and a TLS server whose every byte the test determines.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "apps/crypto/server_context.h"
#include "tests/client/program.h"
#include "tests/support/certificates.h"

namespace client {
namespace {

using crypto::ServerContext;
using crypto::TlsBuffers;
using crypto::TlsProgress;
using test_support::Authority;

// The server's side of a TLS connection.
class SecurePeer {
 public:
  SecurePeer(Peer& peer, const ServerContext& context)
      : peer_(peer), session_(context.new_session()) {}

  // False: the client does not go on, or the session has failed.
  bool shake_hands() {
    while (true) {
      const TlsProgress progress = call([&](TlsBuffers& b) { return session_->handshake(b); });
      if (progress == TlsProgress::done) return true;
      if (progress == TlsProgress::failed || !receive()) return false;
    }
  }

  std::string read_bytes(std::size_t count) {
    while (plain_.size() < count && decrypt()) continue;
    std::string taken = plain_.substr(0, count);
    plain_.erase(0, count);
    return taken;
  }
  std::string read_head() {
    while (plain_.find("\r\n\r\n") == std::string::npos && decrypt()) continue;
    return read_bytes(std::min(plain_.find("\r\n\r\n"), plain_.size() - 4) + 4);
  }
  // The client has sent close_notify, and nothing before it.
  bool at_proper_end() {
    while (plain_.empty() && decrypt()) continue;
    return plain_.empty() && session_->has_peer_closed();
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      std::size_t count = 0;
      call([&](TlsBuffers& b) {
        count = session_->write(b, bytes);
        return TlsProgress::done;
      });
      bytes.remove_prefix(count);
    }
  }
  // Ends the stream as TLS demands, with close_notify.
  void close() {
    call([&](TlsBuffers& b) {
      session_->close(b);
      return TlsProgress::done;
    });
    peer_.finish_sending();
  }

  const crypto::TlsSession& session() const { return *session_; }

 private:
  template <class Function>
  TlsProgress call(const Function& function) {
    std::array<char, 20'000> out;
    TlsBuffers buffers{.in = received_, .out = out};
    const TlsProgress progress = function(buffers);
    received_ = std::string(buffers.in);
    peer_.send({out.data(), out.size() - buffers.out.size()});
    return progress;
  }
  bool receive() {
    const std::string more = peer_.read_some();
    received_ += more;
    return !more.empty();
  }
  bool decrypt() {
    std::array<char, 16'384> plain;
    std::size_t count = 0;
    const TlsProgress progress = call([&](TlsBuffers& b) {
      const crypto::TlsSession::Read read = session_->read(b, plain);
      count = read.count;
      return read.progress;
    });
    plain_.append(plain.data(), count);
    if (progress == TlsProgress::wants_input) return receive();
    return progress == TlsProgress::done;
  }

  Peer& peer_;
  std::unique_ptr<crypto::TlsSession> session_;
  std::string received_;
  std::string plain_;
};

class Https : public Program {
 protected:
  using Script = std::function<void(SecurePeer&)>;

  void SetUp() override {
    Program::SetUp();
    std::filesystem::create_directory(directory_ / "tls");
    authority_ = std::make_unique<Authority>(path("tls"));
    context_ = context_for({.names = {"localhost", "127.0.0.1"}});
  }

  std::shared_ptr<const ServerContext> context_for(const test_support::CertificateTerms& terms) {
    const Authority::Files files = authority_->sign("server", terms);
    crypto::Problem problem;
    auto context = ServerContext::make(
        {.pairs = {{files.certificate, files.key}}, .ticket_keys = crypto::TicketKeys::make()},
        problem);
    EXPECT_TRUE(context) << problem.text;
    return context;
  }

  // A script that plays `script` behind the handshake.
  ScriptedServer::Script secure(Script script) {
    return [this, script = std::move(script)](Peer& peer) {
      SecurePeer secure(peer, *context_);
      ASSERT_TRUE(secure.shake_hands()) << secure.session().failure();
      script(secure);
    };
  }
  // A script whose handshake fails.
  ScriptedServer::Script refused() {
    return [this](Peer& peer) {
      SecurePeer secure(peer, *context_);
      if (secure.shake_hands()) secure.read_head();  // a client of TLS 1.3 may refuse behind it
    };
  }
  ScriptedServer::Script answers(std::string bytes) {
    return secure([bytes = std::move(bytes)](SecurePeer& peer) {
      peer.read_head();
      peer.send(bytes);
      peer.close();
    });
  }

  static std::string url(const ScriptedServer& server, std::string_view path) {
    return "https://" + server.authority() + std::string(path);
  }
  Finished trusting(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--cacert", authority_->path()});
    return quoit(std::move(arguments));
  }

  std::unique_ptr<Authority> authority_;
  std::shared_ptr<const ServerContext> context_;
};

TEST_F(Https, GetSavesAFile) {
  const std::string body = varied_bytes(300'000);
  std::string head;
  std::string protocol;
  bool closes_properly = false;
  ScriptedServer server({secure([&](SecurePeer& peer) {
    head = peer.read_head();
    protocol = peer.session().protocol();
    peer.send(response("200 OK", body));
    closes_properly = peer.at_proper_end();
  })});
  const Finished finished = trusting({"get", url(server, "/a")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("a"), body);
  EXPECT_TRUE(head.starts_with("GET /a HTTP/1.1\r\nHost: " + server.authority() + "\r\n")) << head;
  EXPECT_EQ(protocol, "http/1.1");
  EXPECT_TRUE(closes_properly);
}

TEST_F(Https, PutSendsAFile) {
  const std::string body = varied_bytes(3'000'000);
  write("file", body);
  std::string received;
  ScriptedServer server({secure([&](SecurePeer& peer) {
    peer.read_head();  // OPTIONS
    peer.send(response("204 No Content"));
    const std::string head = peer.read_head();
    if (head.find("100-continue") != std::string::npos) peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    received = peer.read_bytes(body.size());
    peer.send(response("201 Created"));
    peer.close();
  })});
  const Finished finished = trusting({"put", "file", url(server, "/a")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(received == body, true);
}

TEST_F(Https, SeveralFilesUseOneConnection) {
  ScriptedServer server({secure([&](SecurePeer& peer) {
    for (const char* const body : {"1", "2", "3"}) {
      peer.read_head();
      peer.send(response("200 OK", body));
    }
    peer.close();
  })});
  const Finished finished =
      trusting({"get", url(server, "/a"), url(server, "/b"), url(server, "/c")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("a") + content("b") + content("c"), "123");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(Https, CertificateOfAnUnknownAuthorityIsRefused) {
  const ScriptedServer server({refused(), answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"get", url(server, "/a"), "-o", "-"});
  EXPECT_EQ(finished.status, 60) << finished.err;
  EXPECT_EQ(finished.out, "");
  EXPECT_NE(finished.err.find("--cacert"), std::string::npos) << finished.err;
  const Finished careless = quoit({"get", url(server, "/a"), "-o", "-", "-k"});
  EXPECT_EQ(careless.status, 0) << careless.err;
  EXPECT_EQ(careless.out, "hello");
}

TEST_F(Https, CertificateOfAnotherHostIsRefused) {
  context_ = context_for({.names = {"example.org"}});
  const ScriptedServer server({refused()});
  const Finished finished = trusting({"get", url(server, "/a"), "-o", "-"});
  EXPECT_EQ(finished.status, 60) << finished.err;
  EXPECT_NE(finished.err.find("not for 127.0.0.1"), std::string::npos) << finished.err;
}

TEST_F(Https, CertificateThatHasExpiredIsRefused) {
  context_ = context_for({.names = {"127.0.0.1"}, .starts_in_s = -7200, .ends_in_s = -3600});
  const ScriptedServer server({refused()});
  EXPECT_EQ(trusting({"get", url(server, "/a"), "-o", "-"}).status, 60);
}

TEST_F(Https, AuthoritiesMayComeFromTheEnvironment) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"get", url(server, "/a"), "-o", "-"},
                                  {.environment = {"SSL_CERT_FILE=" + authority_->path()}});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "hello");
}

TEST_F(Https, FilesOfCertificatesThatCannotBeReadAreNamed) {
  const ScriptedServer server(
      {[](Peer& peer) { peer.at_end(); }, [](Peer& peer) { peer.at_end(); }});
  const Finished authorities = quoit({"get", url(server, "/a"), "--cacert", "missing"});
  EXPECT_EQ(authorities.status, 77) << authorities.err;
  EXPECT_NE(authorities.err.find("missing"), std::string::npos) << authorities.err;
  const Finished own = trusting({"get", url(server, "/a"), "--cert", "none"});
  EXPECT_EQ(own.status, 58) << own.err;
  EXPECT_NE(own.err.find("none"), std::string::npos) << own.err;
}

TEST_F(Https, ServerThatSpeaksPlainHttpIsNamed) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_some();
    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    peer.finish_sending();
    peer.at_end();
  }});
  const Finished finished = quoit({"get", url(server, "/a")});
  EXPECT_EQ(finished.status, 35) << finished.err;
  EXPECT_NE(finished.err.find("http://"), std::string::npos) << finished.err;
}

TEST_F(Https, HandshakeThatIsCutOffIsAnError) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_some();
    peer.close();
  }});
  const Finished finished = quoit({"get", url(server, "/a")});
  EXPECT_EQ(finished.status, 35) << finished.err;
}

TEST_F(Https, HandshakeHasTheTimeOfAConnection) {
  const ScriptedServer server({[](Peer& peer) { peer.read_to_end(); }});
  const Finished finished = quoit({"get", url(server, "/a"), "--connect-timeout", "0.3"});
  EXPECT_EQ(finished.status, 28) << finished.err;
  EXPECT_NE(finished.err.find("handshake"), std::string::npos) << finished.err;
}

// Without close_notify an attacker may have cut the body off.
TEST_F(Https, BodyOfUnknownLengthNeedsTheProperEnd) {
  const std::string answer = "HTTP/1.1 200 OK\r\n\r\nhello";
  const ScriptedServer server({secure([&](SecurePeer& peer) {
                                 peer.read_head();
                                 peer.send(answer);
                               }),
                               answers(answer)});
  const Finished cut = trusting({"get", url(server, "/a")});
  EXPECT_EQ(cut.status, 56) << cut.err;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "a"));
  const Finished whole = trusting({"get", url(server, "/a")});
  EXPECT_EQ(whole.status, 0) << whole.err;
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(Https, BodyThatIsCutOffIsNotSaved) {
  const ScriptedServer server({secure([](SecurePeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    peer.close();
  })});
  const Finished finished = trusting({"get", url(server, "/a")});
  EXPECT_EQ(finished.status, 18) << finished.err;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "a"));
}

// Whoever reads plain connections must not learn them.
TEST_F(Https, CredentialsAreNotSentToTheHostsPlainPort) {
  std::string plain_head;
  ScriptedServer plain({[&](Peer& peer) {
    plain_head = peer.read_head();
    peer.send(response("200 OK", "hello"));
    peer.at_end();
  }});
  const ScriptedServer server(
      {answers(response("302 Found", "", "Location: " + plain.url("/b") + "\r\n"))});
  const Finished finished =
      trusting({"get", "https://me:secret@" + server.authority() + "/a", "-o", "-"});
  plain.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "hello");
  EXPECT_EQ(plain_head.find("Authorization"), std::string::npos) << plain_head;
}

// Every byte of the server arrives alone, so that each record and each message of the handshake is
// split at each place.
TEST_F(Https, RecordsMayArriveInPieces) {
  ScriptedServer front({[this](Peer& peer) {
    const auto session = context_->new_session();
    std::string received;
    const auto step = [&](auto&& function) {
      std::array<char, 20'000> out;
      TlsBuffers buffers{.in = received, .out = out};
      function(buffers);
      received = std::string(buffers.in);
      peer.send_in_steps({out.data(), out.size() - buffers.out.size()}, 1);
    };
    while (!session->is_established()) {
      received += peer.read_some();
      step([&](TlsBuffers& b) { EXPECT_NE(session->handshake(b), TlsProgress::failed); });
    }
    std::array<char, 16'384> plain;
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
      step([&](TlsBuffers& b) {
        const crypto::TlsSession::Read read = session->read(b, plain);
        head.append(plain.data(), read.count);
        ASSERT_NE(read.progress, TlsProgress::failed);
      });
      if (head.find("\r\n\r\n") == std::string::npos) received += peer.read_some();
    }
    step([&](TlsBuffers& b) { EXPECT_GT(session->write(b, response("200 OK", "hello")), 0U); });
    step([&](TlsBuffers& b) { session->close(b); });
    peer.finish_sending();
    peer.read_to_end();
  }});
  const Finished finished = trusting({"get", url(front, "/a"), "-o", "-"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "hello");
}

}  // namespace
}  // namespace client
