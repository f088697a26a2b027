// The program as a whole, end to end: exit codes, --verbose and --quiet, time limits.
#include <array>
#include <chrono>
#include <future>
#include <signal.h>
#include <thread>

#include "tests/client/program.h"
#include "tests/support/eventually.h"

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
      {{"get", "ftp://example.org/"}, 1},
      {{}, 2},
      {{"get"}, 2},
      {{"get", "http://h/a", "--nonsense"}, 2},
      {{"get", "https://h/a", "--key", "k"}, 2},
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

TEST_F(Quoit, ShowsTheExchangeWithoutSecrets) {
  const ScriptedServer server({answers("HTTP/1.1 100 Continue\r\n\r\n" +
                                       response("200 OK", "hello", "Set-Cookie: id=secret\r\n"))});
  const Finished finished = quoit({"get", "-v", "http://me:secret@" + server.authority() + "/a",
                                   "-o", "-", "-H", "Cookie: a=secret", "-H", "User-Agent: me"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out, "hello");
  EXPECT_EQ(finished.err, "> GET /a HTTP/1.1\n> Host: " + server.authority() +
                              "\n> Accept: */*\n> Accept-Encoding: identity\n> Authorization: "
                              "Basic ***\n> Cookie: ***\n"
                              "> User-Agent: me\n< HTTP/1.1 100 Continue\n< HTTP/1.1 200 OK\n"
                              "< Set-Cookie: ***\n< Content-Length: 5\n");
}

TEST_F(Quoit, PrintsOnlyErrorsWithQuiet) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"-q", "get", server.url("/a")});
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(finished.out, "");
}

// --- Closed standard streams ---

TEST_F(Quoit, WorksWhereItsStandardStreamsAreClosed) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  std::vector<std::string> words = {"sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"};
  for (std::string& word : line({"get", "-v", server.url("/a"), "-o", "o"})) words.push_back(word);
  EXPECT_EQ(test_support::run(words, here()).status, 0);
  EXPECT_EQ(content("o"), "hello");
  EXPECT_EQ(files(), Files{"o"});
}

TEST_F(Quoit, SaysThatAStandardStreamIsClosed) {
  const ScriptedServer server({[](Peer& peer) { peer.read_to_end(); },
                               [](Peer& peer) { peer.read_to_end(); },
                               answers(response("200 OK", "hello"))});
  const auto with_closed = [&](const char* closed, std::vector<std::string> arguments) {
    std::vector<std::string> words = {"sh", "-c", std::string("exec \"$@\" ") + closed, "sh"};
    for (std::string& word : line(std::move(arguments))) words.push_back(word);
    return test_support::run(words, here());
  };
  for (const char* name : {"-", "/dev/stdin"}) {
    const Finished put = with_closed("<&-", {"put", name, server.url("/a")});
    EXPECT_EQ(put.status, 26);
    EXPECT_EQ(put.err,
              "quoit: cannot read standard input: it is closed; redirect a file into it, or name "
              "the file\n");
  }
  const Finished got = with_closed(">&-", {"get", server.url("/a"), "-o", "-"});
  EXPECT_EQ(got.status, 23);
  EXPECT_EQ(got.err,
            "quoit: cannot write standard output: it is closed; redirect it to a file, or give -o "
            "FILE\n");
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

// Whether the main thread of a process waits: its state in proc_pid_stat(5), behind the name.
bool is_asleep(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t end = text.rfind(") ");
  return end != std::string::npos && text[end + 2] == 'S';
}

// SIGSTOP stands for a shell's Ctrl-Z, and for a machine that is paused. One server responds while
// the client is stopped, the other one afterwards.
TEST_F(Quoit, DoesNotCountTheTimeInWhichItIsStopped) {
  std::array<std::promise<void>, 4> events;
  auto& [first_asked, second_asked, is_stopped, continues] = events;
  const auto responds = [&](std::promise<void>& asked, std::promise<void>& moment) {
    return [&asked, may_respond = moment.get_future().share()](Peer& peer) {
      peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
      asked.set_value();
      may_respond.wait();
      peer.send("llo");
    };
  };
  const ScriptedServer first({responds(first_asked, is_stopped)});
  const ScriptedServer second({responds(second_asked, continues)});
  Process early(line({"get", first.url("/a"), "-o", "-", "--idle-timeout", "4"}), here());
  Process late(line({"get", second.url("/a"), "-o", "-", "--max-time", "8"}), here());
  first_asked.get_future().wait();
  second_asked.get_future().wait();
  // The clock notices a standstill that begins within a wait.
  for (const Process* process : {&early, &late}) {
    EXPECT_TRUE(test_support::eventually([&] { return is_asleep(process->pid()); }));
    process->signal(SIGSTOP);
  }
  is_stopped.set_value();
  std::this_thread::sleep_for(std::chrono::seconds(9));
  for (const Process* process : {&early, &late}) process->signal(SIGCONT);
  continues.set_value();
  for (Process* process : {&early, &late}) {
    EXPECT_EQ(process->wait(), 0) << process->err();
    EXPECT_EQ(process->out(), "hello");
  }
}

}  // namespace
}  // namespace client
