// The program as a whole: addresses, time limits, signals, what it says and how it exits.
#include "tests/client/program.h"

#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

namespace client {
namespace {

using Quoit = Program;
using Files = std::set<std::string>;

TEST_F(Quoit, ExitsWithTheNumbersOfCurl) {
  const test_support::DeafPort deaf;
  struct Row {
    std::vector<std::string> arguments;
    int status;
  };
  const std::vector<Row> rows = {
      {{"--help"}, 0},
      {{"get", "--help"}, 0},
      {{"--version"}, 0},
      {{"get", "https://example.org/"}, 1},
      {{}, 2},
      {{"get"}, 2},
      {{"get", "http://h/a", "--nonsense"}, 2},
      {{"get", "http://h/.."}, 2},
      {{"get", "http://"}, 3},
      {{"get", "http://h:port/"}, 3},
      {{"get", "http://no-such-host.invalid/a"}, 6},
      {{"get", "http://127.0.0.1:" + std::to_string(deaf.port()) + "/a"}, 7},
      {{"get", "http://h/a", "--unix-socket", "missing"}, 7},
  };
  for (const Row& row : rows) {
    const Finished finished = quoit(row.arguments);
    const std::string what = row.arguments.empty() ? "nothing" : row.arguments.back();
    EXPECT_EQ(finished.status, row.status) << what << ": " << finished.err;
    if (row.status == 0) continue;
    EXPECT_EQ(finished.err.rfind("quoit: ", 0), 0U) << finished.err;
    EXPECT_EQ(finished.err.find('\n'), finished.err.size() - 1) << "one line: " << finished.err;
  }
  EXPECT_EQ(files(), Files{});
}

TEST_F(Quoit, SpeaksIpv6) {
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

TEST_F(Quoit, TriesEachAddressOfAHost) {
  // localhost may have ::1 first, where nobody listens.
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished =
      quoit({"get", "http://localhost:" + std::to_string(server.port()) + "/a"});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(Quoit, ConnectsToAUnixSocket) {
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

TEST_F(Quoit, ShowsTheExchangeWithoutSecrets) {
  const ScriptedServer server({answers("HTTP/1.1 100 Continue\r\n\r\n" +
                                       response("200 OK", "hello", "Set-Cookie: id=secret\r\n"))});
  const Finished finished = quoit({"get", "-v", "http://me:secret@" + server.authority() + "/a",
                                   "-o", "-", "-H", "Cookie: a=secret", "-H", "User-Agent: me"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out, "hello");
  EXPECT_EQ(finished.err, "> GET /a HTTP/1.1\n> Host: " + server.authority() +
                              "\n> Accept: */*\n> Authorization: Basic ***\n> Cookie: ***\n"
                              "> User-Agent: me\n< HTTP/1.1 100 Continue\n< HTTP/1.1 200 OK\n"
                              "< Set-Cookie: ***\n< Content-Length: 5\n");
}

TEST_F(Quoit, IsQuietWhereAsked) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"-q", "get", server.url("/a")});
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(finished.out, "");
}

// --- Time ---

TEST_F(Quoit, GivesUpWhenNothingMoves) {
  for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"}) {
    const ScriptedServer server({[&](Peer& peer) {
      peer.read_head();
      peer.send(bytes);
      EXPECT_TRUE(peer.at_end());
    }});
    const Finished finished = quoit({"get", server.url("/a"), "--idle-timeout", "0.2"});
    EXPECT_EQ(finished.status, 28) << finished.err;
    EXPECT_NE(finished.err.find("--idle-timeout"), std::string::npos) << finished.err;
    EXPECT_EQ(files(), Files{});
  }
}

TEST_F(Quoit, GivesUpWhenItTakesTooLongInAll) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    EXPECT_TRUE(peer.at_end());
  }});
  const Finished finished = quoit({"get", server.url("/a"), "--max-time", "0.2"});
  EXPECT_EQ(finished.status, 28) << finished.err;
  EXPECT_NE(finished.err.find("--max-time"), std::string::npos) << finished.err;
  EXPECT_EQ(files(), Files{});
}

// A listener whose queue is full: it drops every further handshake.
class FullPort {
 public:
  FullPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t bytes = sizeof address;
    sockets_[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(sockets_[0], generic, bytes), 0);
    EXPECT_EQ(::getsockname(sockets_[0], generic, &bytes), 0);
    EXPECT_EQ(::listen(sockets_[0], 0), 0);
    port_ = ntohs(address.sin_port);
    for (std::size_t i = 1; i < sockets_.size(); ++i) {
      sockets_[i] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (::connect(sockets_[i], generic, bytes) == 0) continue;
    }
  }
  ~FullPort() {
    for (const int fd : sockets_) ::close(fd);
  }
  std::uint16_t port() const { return port_; }

 private:
  std::array<int, 5> sockets_{};
  std::uint16_t port_ = 0;
};

TEST_F(Quoit, GivesUpConnectingInTime) {
  const FullPort full;
  const Finished finished = quoit({"get", "http://127.0.0.1:" + std::to_string(full.port()) + "/a",
                                   "--connect-timeout", "0.2"});
  EXPECT_EQ(finished.status, 28) << finished.err;
  EXPECT_NE(finished.err.find("--connect-timeout"), std::string::npos) << finished.err;
}

// --- Signals ---

// Waits until a file appears in a directory.
class Watch {
 public:
  explicit Watch(const std::string& directory) : fd_(::inotify_init1(IN_CLOEXEC)) {
    EXPECT_GE(::inotify_add_watch(fd_, directory.c_str(), IN_CREATE), 0);
  }
  ~Watch() { ::close(fd_); }
  bool wait() const {
    pollfd polled{fd_, POLLIN, 0};
    return ::poll(&polled, 1, 20'000) == 1;
  }

 private:
  int fd_;
};

ScriptedServer::Script half_an_answer() {
  return [](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    peer.read_to_end();
  };
}

TEST_F(Quoit, LeavesNothingBehindWhenItIsInterrupted) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const ScriptedServer server({half_an_answer()});
    const Watch watch(directory_.string());
    Process process(line({"get", server.url("/a")}), here());
    ASSERT_TRUE(watch.wait());
    process.signal(number);
    EXPECT_EQ(process.wait(), 128 + number) << process.err();
    EXPECT_EQ(process.err(), "");
    EXPECT_EQ(files(), Files{});
  }
}

TEST_F(Quoit, StopsAtOnceWhereverItWaits) {
  const auto silent = [](Peer& peer) { peer.read_to_end(); };
  const ScriptedServer server({silent, silent, silent, half_an_answer()});
  write("file", "hello");
  const FullPort full;
  const std::vector<std::vector<std::string>> lines = {
      {"get", "-v", server.url("/a")},       // for the answer's head
      {"put", "-v", "-", server.url("/a")},  // for standard input
      {"put", "-v", "file", server.url("/a")},
      {"get", "-v", server.url("/a"), "-o", "-"},
  };
  for (const auto& arguments : lines) {
    Process process(line(arguments), here({.keep_stdin_open = true}));
    EXPECT_TRUE(process.wait_for_err("> Accept")) << process.err();
    process.signal(SIGINT);
    EXPECT_EQ(process.wait(), 130) << arguments[2];
  }
  Process connecting(
      line({"get", "http://127.0.0.1:" + std::to_string(full.port()) + "/a", "--max-time", "60"}),
      here());
  // Nothing can be seen of a program that connects, so the signal may come before its handler is
  // there, and then kills it as it would have.
  connecting.signal(SIGINT);
  const std::optional<int> status = connecting.wait();
  EXPECT_TRUE(status == 130 || status == -SIGINT);
}

// --- Progress ---

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

TEST_F(Quoit, ShowsProgressOnATerminalOnly) {
  const ScriptedServer server({slow_answer(), slow_answer()});
  const Finished seen = quoit({"get", server.url("/a")}, {.stderr_is_terminal = true});
  EXPECT_EQ(seen.status, 0);
  EXPECT_NE(seen.err.find("a [====================] 100 %  30 B"), std::string::npos) << seen.err;
  EXPECT_NE(seen.err.find("\r\033[Ksaved a (30 bytes)"), std::string::npos) << seen.err;
  const Finished piped = quoit({"get", server.url("/a")});
  EXPECT_EQ(piped.err, "saved a (30 bytes)\n");
}

TEST_F(Quoit, ShowsProgressOfAQuickTransferNowhere) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"get", server.url("/a")}, {.stderr_is_terminal = true});
  EXPECT_EQ(finished.err, "saved a (5 bytes)\r\n");
}

}  // namespace
}  // namespace client
