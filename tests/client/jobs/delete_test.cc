// quoit delete, end to end: the real program against a server that follows a script.
#include "tests/client/program.h"

namespace client {
namespace {

using Delete = Program;

TEST_F(Delete, DeletesAndSaysSo) {
  const ScriptedServer server({[](Peer& peer) {
    EXPECT_EQ(peer.read_head().rfind("DELETE /a ", 0), 0U);
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_EQ(peer.read_head().rfind("DELETE /b ", 0), 0U);
    peer.send(response("405 Method Not Allowed", "no", "Allow: GET\r\n"));
    EXPECT_TRUE(peer.at_end());
  }});
  const Finished finished = quoit({"delete", server.url("/a"), server.url("/b")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_EQ(finished.err.rfind("deleted " + server.url("/a") + ": 204 No Content\nquoit: ", 0), 0U)
      << finished.err;
}

}  // namespace
}  // namespace client
