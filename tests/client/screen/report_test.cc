// The messages on standard error, end to end.
#include <future>
#include <regex>
#include <set>
#include <string>

#include "tests/client/program.h"
#include "tests/support/eventually.h"

namespace client {
namespace {

using Messages = Program;
using test_support::eventually;

const std::vector<std::string> terminal = {"TERM=xterm", "COLUMNS"};

// Two thirds of a body of 30 bytes, and the rest when `seen` is set.
ScriptedServer::Script halting_response(std::shared_future<void> seen) {
  return [seen](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n01234567890123456789");
    seen.wait();
    peer.send("0123456789");
    peer.at_end();
  };
}

TEST_F(Messages, ShowsProgressOnATerminalOnly) {
  std::promise<void> seen;
  const std::shared_future<void> go_on = seen.get_future().share();
  const ScriptedServer server({halting_response(go_on), halting_response(go_on)});
  Process process(line({"get", server.url("/a")}),
                  here({.stderr_is_terminal = true, .environment = terminal}));
  EXPECT_TRUE(process.wait_for_err("  66 %  20 B")) << process.err();
  seen.set_value();
  EXPECT_EQ(process.wait(), 0);
  const std::string err = process.err();
  EXPECT_NE(err.find("\r\033[Ka ["), std::string::npos) << err;
  EXPECT_NE(err.find("\r\033[Ksaved a (30 bytes) in 0:"), std::string::npos) << err;
  EXPECT_NE(err.find(" B/s\r\n"), std::string::npos) << err;
  const Finished piped = quoit({"get", server.url("/a")});
  EXPECT_EQ(piped.err, "saved a (30 bytes)\n");
}

// The different times without bytes in a text, such as "0:03". How long a machine takes to show the
// next one is not known.
std::set<std::string> stalls_in(const std::string& text) {
  static const std::regex stall("stalled (\\d+:\\d\\d)[ \r\n]");
  std::set<std::string> all;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), stall);
       at != std::sregex_iterator(); ++at) {
    all.insert((*at)[1]);
  }
  return all;
}

// The line is drawn by the clock, and not when bytes come.
TEST_F(Messages, ShowsThatATransferIsStalled) {
  std::promise<void> seen;
  const ScriptedServer server({[&](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
    seen.get_future().wait();
    peer.send("56789");
    peer.at_end();
  }});
  Process process(line({"get", server.url("/a")}),
                  here({.stderr_is_terminal = true, .environment = terminal}));
  EXPECT_TRUE(eventually([&] { return stalls_in(process.err()).size() >= 2; })) << process.err();
  seen.set_value();
  EXPECT_EQ(process.wait(), 0);
}

TEST_F(Messages, PrintsLinesWhereTheTerminalCannotErase) {
  std::promise<void> seen;
  const auto waits = [&](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
    seen.get_future().wait();
    peer.send("56789");
    peer.at_end();
  };
  const ScriptedServer server({waits});
  Process process(line({"get", server.url("/a")}),
                  here({.stderr_is_terminal = true, .environment = {"TERM=dumb"}}));
  EXPECT_TRUE(eventually([&] { return !stalls_in(process.err()).empty(); })) << process.err();
  EXPECT_TRUE(process.err().starts_with("a  50 %  5 B  stalled 0:")) << process.err();
  seen.set_value();
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(process.err().find('\033'), std::string::npos) << process.err();
}

TEST_F(Messages, PrintsLinesIntoAFileWhereProgressIsOn) {
  std::promise<void> seen;
  const ScriptedServer server({[&](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
    seen.get_future().wait();
    peer.send("56789");
    peer.at_end();
  }});
  Process process(line({"get", "--progress", "on", server.url("/a")}),
                  here({.environment = terminal}));
  EXPECT_TRUE(eventually([&] { return !stalls_in(process.err()).empty(); })) << process.err();
  EXPECT_TRUE(process.err().starts_with("a  50 %  5 B  stalled 0:")) << process.err();
  seen.set_value();
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(process.err().find('\033'), std::string::npos) << process.err();
}

TEST_F(Messages, ShowsNoProgressOfAQuickTransfer) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished =
      quoit({"get", server.url("/a")}, {.stderr_is_terminal = true, .environment = terminal});
  EXPECT_EQ(finished.err, "saved a (5 bytes)\r\n");
}

TEST_F(Messages, SumsUpSeveralFiles) {
  const ScriptedServer server({[](Peer& peer) {
    for (const char* status : {"200 OK", "404 Not Found", "200 OK"}) {
      peer.read_head();
      peer.send(response(status, "hello"));
    }
    peer.at_end();
  }});
  const Finished finished = quoit({"get", server.url("/a"), server.url("/b"), server.url("/c")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("saved 2 of 3 files, 10 B in 0:0"), std::string::npos)
      << finished.err;
  EXPECT_TRUE(finished.err.ends_with("B/s; 1 failed\n")) << finished.err;
  const ScriptedServer one({answers(response("200 OK", "hello"))});
  EXPECT_EQ(quoit({"get", one.url("/a")}).err, "saved a (5 bytes)\n");
}

// U+009B begins a control sequence, as ESC [ does.
TEST_F(Messages, EscapesTextThatATerminalWouldObey) {
  const ScriptedServer server(
      {answers(
           "HTTP/1.1 404 No\xc2\x9b\x33\x31mt \xe9\r\nX: \xc2\x9bJ\r\nContent-Length: 0\r\n\r\n"),
       answers("HTTP/1.1 302 Found\r\nLocation: ftp://\xc2\x9bJ\r\nContent-Length: 0\r\n\r\n"),
       answers(response("200 OK", "hello"))});
  const Finished refused = quoit({"get", "-v", server.url("/a")});
  EXPECT_NE(refused.err.find("< X: \\u009bJ\n"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("404 No\\u009b31mt \\xe9"), std::string::npos) << refused.err;
  const Finished astray = quoit({"get", server.url("/a")});
  EXPECT_EQ(astray.err.find("\xc2\x9b"), std::string::npos) << astray.err;
  const Finished named = quoit({"get", server.url("/a"), "-o", "x\xc2\x9bJ"});
  EXPECT_EQ(named.err, "saved x\\u009bJ (5 bytes)\n");
  const Finished unnamed = quoit({"get", server.url("/x%C2%9BJ")});
  EXPECT_EQ(unnamed.status, 2) << "no file gets such a name from a URL";
}

}  // namespace
}  // namespace client
