// quoit head, end to end: the real program against a server that follows a script.
#include "tests/client/program.h"

namespace client {
namespace {

using Head = Program;

TEST_F(Head, PrintsTheHead) {
  const ScriptedServer server({[](Peer& peer) {
    EXPECT_EQ(peer.read_head().rfind("HEAD /a ", 0), 0U);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n");
    EXPECT_EQ(peer.read_head().rfind("HEAD /b ", 0), 0U);
    peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n");
    EXPECT_TRUE(peer.at_end());
  }});
  const Finished finished = quoit({"head", server.url("/a"), server.url("/b")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_EQ(finished.out,
            "HTTP/1.1 200 OK\nContent-Length: 5\nETag: \"x\"\n\n"
            "HTTP/1.1 404 Not Found\nContent-Length: 9\n\n");
}

}  // namespace
}  // namespace client
