// The messages on standard error, end to end.
#include <chrono>
#include <thread>

#include "tests/client/program.h"

namespace client {
namespace {

using Messages = Program;

// This body takes longer than the second that the progress line waits.
ScriptedServer::Script slow_answer() {
  return [](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n");
    for (int i = 0; i < 3; ++i) {
      peer.send("0123456789");
      if (i < 2) std::this_thread::sleep_for(std::chrono::milliseconds(700));
    }
    peer.at_end();
  };
}

TEST_F(Messages, ShowsProgressOnATerminalOnly) {
  const ScriptedServer server({slow_answer(), slow_answer()});
  const Finished seen = quoit({"get", server.url("/a")}, {.stderr_is_terminal = true});
  EXPECT_EQ(seen.status, 0);
  EXPECT_NE(seen.err.find("a [====================] 100 %  30 B"), std::string::npos) << seen.err;
  EXPECT_NE(seen.err.find("\r\033[Ksaved a (30 bytes)"), std::string::npos) << seen.err;
  const Finished piped = quoit({"get", server.url("/a")});
  EXPECT_EQ(piped.err, "saved a (30 bytes)\n");
}

TEST_F(Messages, ShowsProgressOfAQuickTransferNowhere) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"get", server.url("/a")}, {.stderr_is_terminal = true});
  EXPECT_EQ(finished.err, "saved a (5 bytes)\r\n");
}

}  // namespace
}  // namespace client
