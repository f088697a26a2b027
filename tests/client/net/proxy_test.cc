// Proxies, end to end: the real program and a proxy that follows a script.
#include "tests/client/program.h"

namespace client {
namespace {

using ThroughAProxy = Program;

TEST_F(ThroughAProxy, AsksForTheWholeUrl) {
  std::string first, second;
  ScriptedServer proxy({[&](Peer& peer) {
    first = peer.read_head();
    peer.send(response("200 OK", "1"));
    second = peer.read_head();
    peer.send(response("200 OK", "2"));
    EXPECT_TRUE(peer.at_end());
  }});
  const Finished finished =
      quoit({"get", "http://one.invalid/a?b", "http://two.invalid:81/c"},
            {.environment = {"http_proxy=http://me:pw@" + proxy.authority()}});
  EXPECT_EQ(finished.status, 0) << finished.err;
  proxy.finish();
  EXPECT_TRUE(first.starts_with("GET http://one.invalid/a?b HTTP/1.1\r\nHost: one.invalid\r\n"))
      << first;
  EXPECT_NE(first.find("\r\nProxy-Authorization: Basic bWU6cHc=\r\n"), std::string::npos) << first;
  EXPECT_TRUE(second.starts_with("GET http://two.invalid:81/c HTTP/1.1\r\n")) << second;
  EXPECT_EQ(content("a") + content("c"), "12") << "both files over one connection";
}

TEST_F(ThroughAProxy, HidesThePassword) {
  const ScriptedServer proxy({answers(response("407 Proxy Authentication Required"))});
  const Finished finished =
      quoit({"get", "-v", "http://h.invalid/a", "--proxy", "http://me:pw@" + proxy.authority()});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("> Proxy-Authorization: Basic ***\n"), std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find("; give the proxy as http://NAME:PASSWORD@HOST:PORT"),
            std::string::npos)
      << finished.err;
  EXPECT_EQ(finished.err.find("bWU6cHc="), std::string::npos) << finished.err;
}

TEST_F(ThroughAProxy, ConnectsToServersThatSpeakTls) {
  std::string head, hello;
  ScriptedServer proxy({[&](Peer& peer) {
    head = peer.read_head();
    peer.send("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n");
    hello = peer.read_bytes(1);
  }});
  const Finished finished =
      quoit({"get", "https://h.invalid/a", "--proxy", proxy.authority(), "-u", "alice:secret"});
  proxy.finish();
  EXPECT_EQ(head.substr(0, head.find("User-Agent")),
            "CONNECT h.invalid:443 HTTP/1.1\r\nHost: h.invalid:443\r\n");
  EXPECT_EQ(head.find("Authorization"), std::string::npos) << "the credentials are the server's";
  EXPECT_EQ(hello, "\x16") << "the handshake is with the server";
  EXPECT_EQ(finished.status, 35) << finished.err;
  EXPECT_NE(finished.err.find("h.invalid:443 by the proxy " + proxy.authority()), std::string::npos)
      << finished.err;
}

TEST_F(ThroughAProxy, SaysWhyTheProxyRefuses) {
  const ScriptedServer proxy({answers(response("403 Forbidden", "no")),
                              answers("HTTP/1.1 200 OK\r\n\r\nmore"), answers("SSH-2.0\r\n"),
                              answers("")});
  const auto run = [&] {
    return quoit({"get", "https://h.invalid/a", "--proxy", proxy.authority()});
  };
  const Finished forbidden = run();
  EXPECT_EQ(forbidden.status, 97);
  EXPECT_NE(forbidden.err.find("the proxy responded 403 Forbidden to the request for a connection "
                               "to h.invalid:443"),
            std::string::npos)
      << forbidden.err;
  const Finished talkative = run();
  EXPECT_EQ(talkative.status, 8) << talkative.err;
  EXPECT_EQ(run().status, 8);
  EXPECT_EQ(run().status, 52);
}

// Its 404 is no answer of the server: nothing is new there, and nothing is gone.
TEST_F(ThroughAProxy, DoesNotTakeARefusalForAnAnswerOfTheServer) {
  const std::string refusal = response("404 Not Found");
  const ScriptedServer proxy(std::vector<ScriptedServer::Script>(4, answers(refusal)));
  const std::string option = proxy.authority();
  std::filesystem::create_directory(path("here"));
  write("here/a", "one");
  const Finished sync = quoit({"sync", "-j1", "here", "https://h.invalid/d/", "--proxy", option});
  EXPECT_EQ(sync.status, 97) << sync.err;
  EXPECT_EQ(sync.err.find("to send"), std::string::npos) << sync.err;
  const Finished removed = quoit({"delete", "--retry", "1", "--retry-delay", "0.01",
                                  "https://h.invalid/a", "--proxy", option});
  EXPECT_EQ(removed.status, 97) << removed.err;
  EXPECT_EQ(removed.err.find("deleted"), std::string::npos) << removed.err;
  EXPECT_EQ(proxy.connections(), 2U);
}

// A proxy that is busy may reach the server later.
TEST_F(ThroughAProxy, RepeatsWhatMayPass) {
  const ScriptedServer proxy(
      {answers(response("503 Service Unavailable")), answers(response("404 Not Found"))});
  const Finished finished = quoit({"get", "--retry", "1", "--retry-delay", "0.01",
                                   "https://h.invalid/a", "--proxy", proxy.authority()});
  EXPECT_EQ(finished.status, 97) << finished.err;
  EXPECT_EQ(proxy.connections(), 2U);
  const ScriptedServer busy({answers(response("503 Service Unavailable"))});
  EXPECT_EQ(quoit({"get", "https://h.invalid/a", "--proxy", busy.authority()}).status, 7);
}

TEST_F(ThroughAProxy, ConnectsDirectlyToAnException) {
  const ScriptedServer proxy({});
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"get", server.url("/a"), "--noproxy", "127.0.0.0/8"},
                                  {.environment = {"http_proxy=" + proxy.authority()}});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(proxy.connections(), 0U);
}

}  // namespace
}  // namespace client
