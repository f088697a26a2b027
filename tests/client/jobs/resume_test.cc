// Downloads that break off and go on, end to end: the real program against a server that cuts, lies
// and changes its file.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <signal.h>
#include <sys/stat.h>

#include "tests/client/program.h"
#include "tests/support/eventually.h"

namespace client {
namespace {

using Files = std::set<std::string>;
using Script = ScriptedServer::Script;

constexpr std::size_t size = 200'000;
const std::string& file() {
  static const std::string bytes = varied_bytes(size);
  return bytes;
}

const std::string tag = "ETag: \"one\"\r\n";

// The head of a response with the whole file, and its first `count` bytes.
std::string cut_response(std::size_t count, const std::string& fields = tag) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(size) + "\r\n\r\n" +
         file().substr(0, count);
}

std::string part(std::size_t first, std::size_t last, const std::string& fields = tag) {
  return "HTTP/1.1 206 Partial Content\r\n" + fields + "Content-Range: bytes " +
         std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(size) +
         "\r\nContent-Length: " + std::to_string(last - first + 1) + "\r\n\r\n" +
         file().substr(first, last - first + 1);
}

class Resume : public Program {
 protected:
  // A script that keeps the head of the request, and sends bytes.
  Script says(std::string bytes) {
    return [this, bytes = std::move(bytes)](Peer& peer) {
      const std::string head = peer.read_head();
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        heads_.push_back(head);
      }
      peer.send(bytes);
      peer.finish_sending();
      peer.at_end();
    };
  }
  std::string head(std::size_t at) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return at < heads_.size() ? heads_[at] : std::string();
  }
  bool asks(std::size_t at, const std::string& field) {
    return head(at).find("\r\n" + field + "\r\n") != std::string::npos;
  }
  Files kept() const { return {".a.quoit-part", ".a.quoit-part.meta"}; }
  void run_at_random(std::size_t least, const std::string& connections);

 private:
  std::mutex mutex_;
  std::vector<std::string> heads_;
};

TEST_F(Resume, GoesOnByItselfAsLongAsBytesCome) {
  const ScriptedServer server({says(cut_response(70'000)),
                               says(part(70'000, size - 1).substr(0, 90'000)),
                               says("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\n"
                                    "Content-Length: 0\r\n\r\n")});
  const Finished finished = quoit({"get", server.url("/a")});
  EXPECT_EQ(finished.status, 22) << finished.err;
  EXPECT_TRUE(asks(1, "Range: bytes=70000-")) << head(1);
  EXPECT_TRUE(asks(1, "If-Range: \"one\"")) << head(1);
  EXPECT_NE(finished.err.find("ended after 68.4 KiB of 195.3 KiB, before the end of the file; "
                              "going on there\n"),
            std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find(" of a are kept, and the same command goes on there\n"),
            std::string::npos)
      << finished.err;
  EXPECT_EQ(files(), kept());
}

TEST_F(Resume, GoesOnInTheNextRun) {
  const ScriptedServer first({says(cut_response(70'000)), says("")});
  EXPECT_EQ(quoit({"get", first.url("/a")}).status, 52);
  EXPECT_EQ(files(), kept());
  struct stat facts {};
  ASSERT_EQ(::stat(path(".a.quoit-part.meta").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

// The same port: the URL is a part of the record.
TEST_F(Resume, NeedsOnlyTheRest) {
  const ScriptedServer server({says(cut_response(70'000)), says(""), says(part(70'000, size - 1))});
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 52);
  const Finished finished = quoit({"get", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.err, "saved a (200000 bytes, 70000 of them before)\n");
  EXPECT_TRUE(asks(2, "Range: bytes=70000-")) << head(2);
  EXPECT_TRUE(content("a") == file());
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Resume, UsesADateThatIsOldEnough) {
  const std::string dates =
      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:49:37 GMT\r\n";
  const ScriptedServer server(
      {says(cut_response(70'000, dates)), says(part(70'000, size - 1, dates))});
  const Finished finished = quoit({"get", server.url("/a"), "-R"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(asks(1, "If-Range: Sun, 06 Nov 1994 08:49:37 GMT")) << head(1);
  EXPECT_TRUE(content("a") == file());
  struct stat facts {};
  ASSERT_EQ(::stat(path("a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mtim.tv_sec, 784111777);
}

TEST_F(Resume, TakesAChangedFileWhole) {
  const std::string other(size, 'n');
  const ScriptedServer server(
      {says(cut_response(70'000)), says(response("200 OK", other, "ETag: \"two\"\r\n"))});
  const Finished finished = quoit({"get", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.err.find("; beginning anew\n"), std::string::npos) << finished.err;
  EXPECT_TRUE(content("a") == other);
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Resume, BelievesNoResponseThatDoesNotFit) {
  const std::string other(size, 'n');
  const std::string rest =
      "Content-Length: " + std::to_string(size - 70'000) + "\r\n\r\n" + other.substr(70'000);
  const std::string range = "Content-Range: bytes 70000-199999/200000\r\n";
  const std::string head = "HTTP/1.1 206 Partial Content\r\n";
  const std::map<std::string, std::string> lies = {
      {"another tag", head + "ETag: \"two\"\r\n" + range + rest},
      {"no tag", head + range + rest},
      {"no range", head + tag + rest},
      {"another range", part(69'999, size - 1)},
      {"another size", head + tag + "Content-Range: bytes 70000-199999/200001\r\n" + rest},
      {"more bytes than the range",
       head + tag +
           "Content-Range: bytes 70000-70009/200000\r\nTransfer-Encoding: chunked\r\n\r\n"
           "14\r\n01234567890123456789\r\n0\r\n\r\n"},
      {"an end",
       "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */70000\r\n"
       "Content-Length: 0\r\n\r\n"},
  };
  for (const auto& [name, lie] : lies) {
    const ScriptedServer server(
        {says(cut_response(70'000)), says(lie), says(response("200 OK", file(), tag))});
    const Finished finished = quoit({"get", server.url("/a")});
    EXPECT_EQ(finished.status, 0) << name << ": " << finished.err;
    EXPECT_TRUE(content("a") == file()) << name;
    EXPECT_EQ(files(), Files{"a"}) << name;
    std::filesystem::remove(path("a"));
  }
}

TEST_F(Resume, TakesTheRestInSeveralParts) {
  const ScriptedServer server({says(cut_response(70'000)), [](Peer& peer) {
                                 peer.read_head();
                                 peer.send(part(70'000, 99'999));
                                 EXPECT_NE(peer.read_head().find("Range: bytes=100000-\r\n"),
                                           std::string::npos);
                                 peer.send(part(100'000, size - 1));
                                 EXPECT_TRUE(peer.at_end());
                               }});
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 0);
  EXPECT_TRUE(content("a") == file());
}

TEST_F(Resume, TakesAFinishedPartAsTheFile) {
  const ScriptedServer server(
      {says(cut_response(70'000)), says(""), says(part(size - 1, size - 1))});
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 52);
  // As after a kill between the last byte and the new name.
  write(".a.quoit-part", file());
  const Finished finished = quoit({"get", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(asks(2, "Range: bytes=199999-")) << head(2);
  EXPECT_TRUE(content("a") == file());
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Resume, GoesOnInAStream) {
  const ScriptedServer server({says(cut_response(70'000)), says(part(70'000, size - 1)),
                               says(cut_response(70'000)), says(response("200 OK", "new", tag))});
  const Finished finished = quoit({"get", server.url("/a"), "-o", "-"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(finished.out == file());
  const Finished changed = quoit({"get", server.url("/a"), "-o", "-"});
  EXPECT_EQ(changed.status, 18) << changed.err;
  EXPECT_TRUE(changed.out == file().substr(0, 70'000)) << "no byte of another version";
  EXPECT_NE(changed.err.find("are written already"), std::string::npos) << changed.err;
}

TEST_F(Resume, KeepsWhatCameBeforeASignal) {
  const ScriptedServer server({[](Peer& peer) {
                                 peer.read_head();
                                 peer.send(cut_response(100'000));
                                 peer.read_to_end();
                               },
                               says(part(100'000, size - 1))});
  Process process(line({"get", server.url("/a")}), here());
  const auto has_come = [&] {
    std::error_code failure;
    return std::filesystem::file_size(path(".a.quoit-part"), failure) == 100'000;
  };
  ASSERT_TRUE(test_support::eventually(has_come));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130);
  EXPECT_EQ(process.err(),
            "quoit: interrupted by SIGINT; the first 97.7 KiB of a are kept, and the same command "
            "goes on there\n");
  const Finished finished = quoit({"get", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(asks(0, "Range: bytes=100000-")) << head(0);
  EXPECT_TRUE(content("a") == file());
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Resume, KeepsNothingWithoutAStrongValidator) {
  for (const char* fields : {"", "ETag: W/\"weak\"\r\n", "ETag: \"one\"\r\nAccept-Ranges: none\r\n",
                             "ETag: \"one\"\r\nContent-Encoding: gzip\r\n"}) {
    const ScriptedServer server({says(cut_response(100'000, fields))});
    EXPECT_EQ(quoit({"get", server.url("/a")}).status, 18) << fields;
    EXPECT_EQ(files(), Files{}) << fields;
  }
}

TEST_F(Resume, LeavesRangesToTheUserWhoSetsThem) {
  const ScriptedServer server({says(cut_response(100'000))});
  EXPECT_EQ(quoit({"get", server.url("/a"), "-H", "Range: bytes=0-"}).status, 18);
  EXPECT_EQ(files(), Files{});
}

TEST_F(Resume, DownloadsIntoAFileOfAnotherNameWhileTheFirstRuns) {
  std::promise<void> second_done;
  const ScriptedServer slow({[&](Peer& peer) {
    peer.read_head();
    peer.send(cut_response(100'000));
    second_done.get_future().wait();
    peer.send(file().substr(100'000));
    peer.at_end();
  }});
  const ScriptedServer quick({says(response("200 OK", file(), tag))});
  Process process(line({"get", slow.url("/a")}), here());
  ASSERT_TRUE(test_support::eventually(
      [&] { return std::filesystem::exists(path(".a.quoit-part.meta")); }));
  const Finished finished = quoit({"get", quick.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(content("a") == file());
  second_done.set_value();
  EXPECT_EQ(process.wait(), 0) << process.err();
  EXPECT_TRUE(content("a") == file());
  EXPECT_EQ(files(), Files{"a"});
}

// --- Files of others ---

TEST_F(Resume, ContinuesAFileOfAnotherProgram) {
  const ScriptedServer server({says(part(70'000, size - 1)),
                               says("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes "
                                    "*/200000\r\nContent-Length: 0\r\n\r\n"),
                               says(response("200 OK", "other", tag))});
  write("a", file().substr(0, 70'000));
  const Finished finished = quoit({"get", "-c", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(asks(0, "Range: bytes=70000-")) << head(0);
  EXPECT_EQ(head(0).find("If-Range"), std::string::npos) << head(0);
  EXPECT_NE(finished.err.find("--continue trusts that it is"), std::string::npos) << finished.err;
  EXPECT_TRUE(content("a") == file());
  EXPECT_EQ(files(), Files{"a"});
  const Finished again = quoit({"get", "-c", server.url("/a")});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(again.err, "a is complete\n");
  EXPECT_TRUE(content("a") == file());
  const Finished whole = quoit({"get", "-c", server.url("/a")});
  EXPECT_EQ(whole.status, 0) << whole.err;
  EXPECT_EQ(content("a"), "other") << "a server without ranges sends the whole file";
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Resume, KeepsTheBeginningOfAnotherProgramWhereTheRestIsCut) {
  const ScriptedServer server(
      {says(part(70'000, size - 1).substr(0, 50'000)), says(""), says(response("200 OK", "", ""))});
  const std::string beginning = file().substr(0, 70'000);
  write("a", beginning);
  EXPECT_EQ(quoit({"get", "-c", server.url("/a"), "--retry-delay", "0.01"}).status, 52);
  EXPECT_TRUE(content("a") == beginning);
  EXPECT_EQ(files(), (Files{"a", ".a.quoit-part", ".a.quoit-part.meta"}));
}

// --- Chance ---

// A server whose file changes, and which cuts, lies and delays at random. Its tags and dates are
// always those of the bytes beside them: against a server that gives two files one tag, nothing
// helps.
class RandomServer {
 public:
  // Its files have `least` bytes, or up to 90,000 more.
  RandomServer(unsigned seed, std::size_t least) : least_(least), random_(seed) { change(); }

  Script script() {
    return [this](Peer& peer) { serve(peer); };
  }
  // The bytes after which the client is to be killed; then kill() is due.
  void kill_after(std::size_t bytes) { kill_after_ = bytes; }
  bool kill_is_due() const { return kill_is_due_; }
  void killed() { kill_is_due_ = false; }

  // Whether one of the versions so far is equal to the bytes.
  bool had(const std::string& bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const std::string& version : versions_) {
      if (version == bytes) return true;
    }
    return false;
  }
  void forget_old_versions() {
    const std::lock_guard<std::mutex> lock(mutex_);
    versions_.erase(versions_.begin(), versions_.end() - 1);
  }

 private:
  std::size_t below(std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most - 1)(random_);
  }
  bool one_in(std::size_t count) { return below(count) == 0; }

  void change() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++number_;
    std::string bytes(least_ + below(90'000), '\0');
    std::uint64_t state = number_ * 0x9e3779b97f4a7c15ULL;
    for (char& byte : bytes) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      byte = static_cast<char>(state);
    }
    versions_.push_back(std::move(bytes));
  }

  void serve(Peer& peer) {
    while (true) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      if (one_in(8)) change();
      const std::string answer = one_in(20) ? "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-"
                                              "Length: 0\r\n\r\n"
                                            : answer_to(head);
      if (!send_some(peer, answer)) return;
    }
  }

  std::string answer_to(const std::string& head) {
    const std::string& bytes = versions_.back();
    const std::string name = "\"v" + std::to_string(number_) + "\"";
    const std::string named = one_in(12) ? "" : "Accept-Ranges: bytes\r\nETag: " + name + "\r\n";
    std::size_t first = 0;
    std::size_t most = bytes.size();
    const std::size_t range = head.find("\r\nRange: bytes=");
    if (range != std::string::npos) {
      const std::size_t dash = head.find('-', range);
      first = std::stoul(head.substr(range + 15));
      if (head[dash + 1] != '\r') most = std::stoul(head.substr(dash + 1)) - first + 1;
    }
    const bool fits = head.find("\r\nIf-Range: " + name + "\r\n") != std::string::npos;
    const bool ignores_condition = one_in(6);
    if (range == std::string::npos || (!fits && !ignores_condition) || one_in(10)) {
      return "HTTP/1.1 200 OK\r\n" + named + framed(bytes);
    }
    if (first >= bytes.size() && !one_in(4)) {
      return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */" +
             std::to_string(bytes.size()) + "\r\nContent-Length: 0\r\n\r\n";
    }
    if (one_in(8) && first > 0) first -= 1 + below(std::min<std::size_t>(first, 1000));
    first = std::min(first, bytes.size() - 1);
    const std::size_t rest = std::min(most, bytes.size() - first);
    const std::size_t count = one_in(6) ? 1 + below(rest) : rest;
    const std::size_t total = bytes.size() + (one_in(12) ? 1 : 0);
    return "HTTP/1.1 206 Partial Content\r\n" + named + "Content-Range: bytes " +
           std::to_string(first) + "-" + std::to_string(first + count - 1) + "/" +
           std::to_string(total) + "\r\n" + framed(bytes.substr(first, count));
  }

  std::string framed(const std::string& body) {
    if (!one_in(4)) return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    std::array<char, 32> length;
    std::snprintf(length.data(), length.size(), "%zx\r\n", body.size());
    return "Transfer-Encoding: chunked\r\n\r\n" + std::string(length.data()) + body +
           "\r\n0\r\n\r\n";
  }

  // Sends the answer, or only its beginning. False: the connection has ended.
  bool send_some(Peer& peer, const std::string& answer) {
    const bool is_cut = one_in(2);
    std::string_view rest =
        std::string_view(answer).substr(0, is_cut ? below(answer.size() + 1) : answer.size());
    const std::size_t limit = kill_after_.exchange(0);
    if (limit > 0 && limit < rest.size()) {
      peer.send(rest.substr(0, limit));
      kill_is_due_ = true;
      peer.read_to_end();
      return false;
    }
    if (!peer.send(rest)) return false;
    if (!is_cut) return true;
    if (one_in(2))
      peer.reset();
    else
      peer.close();
    return false;
  }

  const std::size_t least_;
  std::mutex mutex_;
  std::mt19937 random_;
  std::uint64_t number_ = 0;
  std::vector<std::string> versions_;
  std::atomic<std::size_t> kill_after_ = 0;
  std::atomic<bool> kill_is_due_ = false;
};

// The time for the runs of a test: QUOIT_TEST_SECONDS, or a quarter of a minute.
std::chrono::seconds time_for_runs() {
  const char* const seconds = std::getenv("QUOIT_TEST_SECONDS");
  return std::chrono::seconds(seconds ? std::atoi(seconds) : 15);
}

// 1,000 runs of one command, or as many as there is time for. `least`: the bytes of a file.
void Resume::run_at_random(std::size_t least, const std::string& connections) {
  constexpr unsigned seed = 17;
  constexpr int runs = 1000;
  RandomServer behind(seed, least);
  const ScriptedServer server(std::vector<Script>(100'000, behind.script()));
  std::mt19937 random(seed);
  const auto until = std::chrono::steady_clock::now() + time_for_runs();
  int succeeded = 0;
  int killed = 0;
  for (int run = 0; run < runs && std::chrono::steady_clock::now() < until; ++run) {
    if (random() % 5 == 0) behind.kill_after(1 + random() % (least + 84'000));
    Process process(line({"get", "-q", "-j", connections, server.url("/a"), "--retry", "1",
                          "--retry-delay", "0.001"}),
                    here());
    ASSERT_TRUE(
        test_support::eventually([&] { return behind.kill_is_due() || !process.running(); }));
    if (behind.kill_is_due()) {
      process.signal(SIGKILL);
      behind.killed();
      ++killed;
    }
    const std::optional<int> status = process.wait();
    ASSERT_TRUE(status);
    const std::string what = "run " + std::to_string(run) + ": " + process.err();
    if (std::filesystem::exists(path("a"))) {
      ASSERT_TRUE(behind.had(content("a"))) << what;
    }
    for (const std::string& name : files()) {
      const bool may_be = name == "a" || (*status != 0 && kept().contains(name));
      ASSERT_TRUE(may_be) << name << " is there; " << what;
    }
    if (*status != 0) continue;
    ++succeeded;
    ASSERT_TRUE(std::filesystem::exists(path("a"))) << what;
    std::filesystem::remove(path("a"));
    behind.forget_old_versions();
  }
  EXPECT_GT(succeeded, 0);
  EXPECT_GT(killed, 0);
  RecordProperty("succeeded", succeeded);
  RecordProperty("killed", killed);
}

TEST_F(Resume, NeverMixesVersionsAndLeavesNothingAfterSuccess) { run_at_random(66'000, "1"); }

TEST_F(Resume, NeverMixesVersionsWithSeveralConnections) { run_at_random(8'400'000, "3"); }

}  // namespace
}  // namespace client
