// --retry, end to end: the real program against a server that fails at first.
#include <signal.h>

#include "tests/client/program.h"
#include "tests/support/eventually.h"

namespace client {
namespace {

using Retries = Program;
using Script = ScriptedServer::Script;

const std::string soon = "Retry-After: 0\r\n";

Script busy(std::string status = "503 Service Unavailable", std::string fields = soon) {
  return answers(response(status, "later", fields));
}
Script hang_up() {
  return [](Peer& peer) { peer.read_head(); };
}

TEST_F(Retries, GetAFileAtLast) {
  const ScriptedServer server({busy(), busy("429 Too Many Requests"), hang_up(),
                               answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"),
                               answers(response("200 OK", "hello"))});
  const Finished finished =
      quoit({"get", server.url("/a"), "--retry", "4", "--retry-delay", "0.01"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("a"), "hello");
  EXPECT_EQ(files(), std::set<std::string>{"a"});
  EXPECT_NE(finished.err.find("warning: " + server.url("/a") +
                              ": the server responded 503 Service Unavailable; try again later; "
                              "trying again in 0.0 s (1 of 4)\n"),
            std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find("(4 of 4)"), std::string::npos) << finished.err;
}

TEST_F(Retries, EndWithTheLastFailure) {
  const ScriptedServer server({busy(), busy("500 Internal Server Error")});
  const Finished finished = quoit({"get", server.url("/a"), "--retry", "1"});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("quoit: " + server.url("/a") + ": the server responded 500"),
            std::string::npos)
      << finished.err;
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(Retries, AreNotMadeForAFailureThatStays) {
  const ScriptedServer server({answers(response("404 Not Found"))});
  EXPECT_EQ(quoit({"get", server.url("/a"), "--retry", "3"}).status, 22);
  EXPECT_EQ(server.connections(), 1U);
  const ScriptedServer once({busy()});
  EXPECT_EQ(quoit({"get", once.url("/a")}).status, 22);
  EXPECT_EQ(once.connections(), 1U) << "without --retry there is one try";
}

TEST_F(Retries, SendTheWholeFileAgain) {
  const auto takes = [](std::string bytes) {
    return [bytes = std::move(bytes)](Peer& peer) {
      EXPECT_NE(peer.read_head().find("Content-Length: 5\r\n"), std::string::npos);
      EXPECT_EQ(peer.read_bytes(5), "hello");
      peer.send(bytes);
    };
  };
  const ScriptedServer server({takes(response("503 Service Unavailable", "", soon)), takes(""),
                               takes(response("201 Created"))});
  write("a", "hello");
  const Finished finished =
      quoit({"put", "a", server.url("/a"), "--retry", "2", "--retry-delay", "0.01"});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(Retries, SendNoStreamTwice) {
  const ScriptedServer server({busy()});
  const Finished finished =
      quoit({"put", "-", server.url("/a"), "--retry", "3"}, {.input = "hello"});
  EXPECT_EQ(finished.status, 22) << finished.err;
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(Retries, LeaveAConditionAloneThatTheFirstTryMayHaveMadeFalse) {
  const ScriptedServer server({hang_up()});
  write("a", "hello");
  const Finished finished =
      quoit({"put", "a", server.url("/a"), "--if-absent", "--retry", "3", "--retry-delay", "0.01"});
  EXPECT_NE(finished.status, 0);
  EXPECT_EQ(finished.err.find("trying again"), std::string::npos) << finished.err;
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(Retries, TakeAFileThatIsGoneAsDeleted) {
  const ScriptedServer server(
      {answers(""), answers(response("404 Not Found")), answers(response("404 Not Found"))});
  const Finished gone =
      quoit({"delete", server.url("/a"), "--retry", "1", "--retry-delay", "0.01"});
  EXPECT_EQ(gone.status, 0) << gone.err;
  EXPECT_NE(gone.err.find("it is gone"), std::string::npos) << gone.err;
  EXPECT_EQ(quoit({"delete", server.url("/a"), "--retry", "1"}).status, 22);
}

TEST_F(Retries, EndAtASignal) {
  const ScriptedServer server({busy("503 Service Unavailable", "Retry-After: 3600\r\n")});
  Process process(line({"get", server.url("/a"), "--retry", "1"}), here());
  ASSERT_TRUE(test_support::eventually(
      [&] { return process.err().find("trying again in 3600.0 s") != std::string::npos; }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130) << process.err();
}

TEST_F(Retries, DoNotWaitLongerThanTheRunMayTake) {
  const ScriptedServer server({busy("503 Service Unavailable", "Retry-After: 3600\r\n")});
  const Finished finished = quoit({"get", server.url("/a"), "--retry", "1", "--max-time", "1000"});
  EXPECT_EQ(finished.status, 22) << finished.err;
  EXPECT_EQ(finished.err.find("trying again"), std::string::npos) << finished.err;
}

}  // namespace
}  // namespace client
