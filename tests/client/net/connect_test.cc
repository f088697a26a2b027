// Connecting, end to end: addresses, unix sockets, timeouts.
#include <netdb.h>

#include "tests/client/program.h"

namespace client {
namespace {

using Connect = Program;

TEST_F(Connect, SpeaksIpv6) {
  if (!test_support::has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const ScriptedServer server({[](Peer& peer) {
                                EXPECT_NE(peer.read_head().find("\r\nHost: [::1]:"),
                                          std::string::npos);
                                peer.send(response("200 OK", "hello"));
                              }},
                              ScriptedServer::Family::ipv6);
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 0);
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(Connect, TriesEachAddressOfAHost) {
  if (!test_support::has_localhost()) GTEST_SKIP() << "the name localhost is unknown here";
  // localhost may have ::1 first, where no server listens.
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0)
    GTEST_SKIP() << "no localhost here";
  ::freeaddrinfo(found);
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished =
      quoit({"get", "http://localhost:" + std::to_string(server.port()) + "/a"});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(Connect, ConnectsToAUnixSocket) {
  const ScriptedServer server({[](Peer& peer) {
                                EXPECT_NE(peer.read_head().find("\r\nHost: name:81\r\n"),
                                          std::string::npos);
                                peer.send(response("200 OK", "hello"));
                                EXPECT_EQ(peer.read_head().rfind("GET /b ", 0), 0U);
                                peer.send(response("200 OK", "again"));
                              }},
                              ScriptedServer::Family::unix_socket, path("socket"));
  const Finished finished =
      quoit({"get", "http://name:81/a", "http://name:81/b", "--unix-socket", "socket"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("b"), "again");
}

TEST_F(Connect, GivesUpConnectingInTime) {
  const FullPort full;
  const Finished finished = quoit({"get", "http://127.0.0.1:" + std::to_string(full.port()) + "/a",
                                   "--connect-timeout", "0.2"});
  EXPECT_EQ(finished.status, 28) << finished.err;
  EXPECT_NE(finished.err.find("--connect-timeout"), std::string::npos) << finished.err;
}

}  // namespace
}  // namespace client
