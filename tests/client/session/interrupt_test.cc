// Signals, end to end: the program ends at once and leaves nothing behind.
#include <future>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "tests/client/program.h"

namespace client {
namespace {

using Signals = Program;
using Files = std::set<std::string>;

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

ScriptedServer::Script half_a_response() {
  return [](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    peer.read_to_end();
  };
}

TEST_F(Signals, LeavesNothingBehindWhenItIsInterrupted) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const ScriptedServer server({half_a_response()});
    const Watch watch(directory_.string());
    Process process(line({"get", server.url("/a")}), here());
    ASSERT_TRUE(watch.wait());
    process.signal(number);
    EXPECT_EQ(process.wait(), 128 + number) << process.err();
    const std::string name = number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
    EXPECT_EQ(process.err(), "quoit: interrupted by " + name + "; a was not saved\n");
    EXPECT_EQ(files(), Files{});
  }
}

TEST_F(Signals, StopsAtOnceWhereverItWaits) {
  const auto silent = [](Peer& peer) { peer.read_to_end(); };
  const ScriptedServer server({silent, silent, silent, half_a_response()});
  write("file", "hello");
  const FullPort full;
  const std::vector<std::vector<std::string>> lines = {
      {"get", "-v", server.url("/a")},       // for the response's head
      {"put", "-v", "-", server.url("/a")},  // for standard input
      {"put", "-v", "file", server.url("/a")},
      {"get", "-v", server.url("/a"), "-o", "-"},
  };
  for (const auto& arguments : lines) {
    Process process(line(arguments), here({.keep_stdin_open = true}));
    EXPECT_TRUE(process.wait_for_err("> Accept")) << process.err();
    process.signal(SIGINT);
    EXPECT_EQ(process.wait(), 130) << arguments[2];
    EXPECT_NE(process.err().find("quoit: interrupted by SIGINT"), std::string::npos)
        << process.err();
  }
  Process connecting(
      line({"get", "http://127.0.0.1:" + std::to_string(full.port()) + "/a", "--max-time", "60"}),
      here());
  // A program that connects shows nothing, so the signal may come before its handler is installed,
  // and then kills the program by default.
  connecting.signal(SIGINT);
  const std::optional<int> status = connecting.wait();
  EXPECT_TRUE(status == 130 || status == -SIGINT);
}

// `tar c d | quoit put - URL`: Ctrl-C ends the writer of the pipe as well, so quoit finds the
// signal and the end of its input at once.
TEST_F(Signals, StoreNoPartOfAStreamWhoseWriterTheyEnded) {
  for (int run = 0; run < 12; ++run) {
    std::string received;
    ScriptedServer server({[&](Peer& peer) {
      peer.read_head();
      received = peer.read_to_end();
    }});
    Process process(line({"put", "-v", "-", server.url("/a")}), here({.keep_stdin_open = true}));
    process.write("half");
    EXPECT_TRUE(process.wait_for_err("> Accept")) << process.err();
    process.signal(SIGSTOP);
    process.close_stdin();
    process.signal(SIGINT);
    process.signal(SIGCONT);
    EXPECT_EQ(process.wait(), 130) << process.err();
    server.finish();
    EXPECT_FALSE(received.ends_with("0\r\n\r\n")) << received;
  }
}

TEST_F(Signals, StayIgnoredWhereTheyWereIgnoredAtTheStart) {
  for (const auto& [name, number] : {std::pair("HUP", SIGHUP), std::pair("INT", SIGINT)}) {
    std::promise<void> signalled;
    const ScriptedServer server({[&](Peer& peer) {
      peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
      signalled.get_future().wait();
      peer.send("hello");
      EXPECT_TRUE(peer.at_end());
    }});
    std::vector<std::string> words = {"sh", "-c", "trap '' $0; exec \"$@\"", name};
    for (std::string& word : line({"get", "-v", server.url("/a")})) words.push_back(word);
    Process process(words, here());
    EXPECT_TRUE(process.wait_for_err("< HTTP/1.1 200")) << process.err();
    process.signal(number);
    signalled.set_value();
    EXPECT_EQ(process.wait(), 0) << name << ": " << process.err();
    EXPECT_EQ(content("a"), "hello");
  }
}

}  // namespace
}  // namespace client
