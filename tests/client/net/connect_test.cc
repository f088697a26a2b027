// Connecting, end to end: addresses, unix sockets, timeouts.
#include <netdb.h>

#include "tests/client/net/planted.h"
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

// --- Several addresses: RFC 8305 ---

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

// A resolver that finds these ports of the loopback interface.
Resolver finds(const std::vector<std::uint16_t>& ports) {
  return [ports](const std::string&, std::uint16_t) {
    Found found;
    for (const std::uint16_t port : ports) found.addresses.push_back(loopback(port));
    return found;
  };
}

// --max-time is shorter than --connect-timeout: a silent address that is waited for fails the run.
constexpr std::int64_t minute_ms = 60'000;
const Settings impatient{.connect_timeout_ms = 2 * minute_ms, .max_time_ms = minute_ms};

TEST_F(Connect, DoesNotWaitForASilentAddress) {
  const FullPort silent;
  const std::size_t before = open_descriptors();
  {
    const ScriptedServer server({answers(response("200 OK", "hello"))});
    const RunResult result = get_with(finds({silent.port(), silent.port(), server.port()}),
                                      "http://some.host/a", path("a"), impatient);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(content("a"), "hello");
  }
  EXPECT_EQ(open_descriptors(), before) << "the other attempts are closed";
}

TEST_F(Connect, GoesOnWhereAnAddressIsRefused) {
  const test_support::DeafPort deaf;
  const FullPort silent;
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const RunResult result = get_with(finds({deaf.port(), silent.port(), deaf.port(), server.port()}),
                                    "http://some.host/a", path("a"), impatient);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(Connect, FailsWhereNoAddressResponds) {
  const test_support::DeafPort deaf;
  const FullPort silent;
  const RunResult refused = get_with(finds({deaf.port(), deaf.port(), deaf.port()}),
                                     "http://some.host/a", path("a"), impatient);
  EXPECT_EQ(refused.status, 7) << refused.err;
  EXPECT_NE(refused.err.find("cannot connect to some.host:80: connection refused"),
            std::string::npos)
      << refused.err;
  const RunResult late = get_with(finds({deaf.port(), silent.port(), silent.port()}),
                                  "http://some.host/a", path("a"), {.connect_timeout_ms = 400});
  EXPECT_EQ(late.status, 28) << late.err;
  EXPECT_NE(late.err.find("no response within 0.4 s"), std::string::npos) << late.err;
}

TEST_F(Connect, EndsEachAttemptWithTheRun) {
  const FullPort silent;
  const std::size_t before = open_descriptors();
  const RunResult result = get_with(finds({silent.port(), silent.port()}), "http://some.host/a",
                                    path("a"), {.connect_timeout_ms = 0, .max_time_ms = 600});
  EXPECT_EQ(result.status, 28) << result.err;
  EXPECT_NE(result.err.find("--max-time"), std::string::npos) << result.err;
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace client
