// One file over several connections, end to end: the real program against a server that answers
// ranges, and at times lies about them.
#include <atomic>
#include <mutex>

#include "apps/client/command/sha256.h"
#include "apps/client/local/file_digest.h"
#include "tests/client/program.h"

namespace client {
namespace {

using Files = std::set<std::string>;

constexpr std::size_t size = 9'000'000;

std::string version(char name) {
  std::string bytes = varied_bytes(size);
  for (char& byte : bytes) byte = static_cast<char>(byte ^ name);
  return bytes;
}
const std::string& old_file() {
  static const std::string bytes = version('a');
  return bytes;
}
const std::string& new_file() {
  static const std::string bytes = version('b');
  return bytes;
}

// The present answer to requests for ranges.
enum class Lie {
  none,
  ignores_range,
  other_tag,
  no_tag,
  shifted,
  other_size,
  longer,
  not_satisfiable,
  busy
};

// A server that answers one request a connection, and lies about the first range.
class RangeServer {
 public:
  explicit RangeServer(Lie lie) : lie_(lie) {}

  ScriptedServer::Script script() {
    return [this](Peer& peer) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        heads_.push_back(head);
      }
      peer.send(answer_to(head));
      peer.finish_sending();
    };
  }
  void stop_lying() { lie_ = Lie::none; }
  // No response has more than this many bytes; 0: no limit.
  void cut_after(std::size_t bytes) { limit_ = bytes; }
  std::vector<std::string> heads() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return heads_;
  }

 private:
  std::string answer_to(const std::string& head) {
    const std::size_t at = head.find("\r\nRange: bytes=");
    const bool has_range = at != std::string::npos;
    const Lie lie = has_range ? lie_.load() : Lie::none;
    if (lie != Lie::none && lie != Lie::busy) {
      lie_ = Lie::none;
      is_new_ = true;
    }
    const std::string& bytes = is_new_ ? new_file() : old_file();
    const std::string tag = is_new_ ? "\"new\"" : "\"old\"";
    const std::string named = "Accept-Ranges: bytes\r\nConnection: close\r\nETag: ";
    if (lie == Lie::busy) return response("503 Busy", {}, "Connection: close\r\n");
    if (lie == Lie::not_satisfiable) {
      return response("416 No", {}, named + tag + "\r\nContent-Range: bytes */9000000\r\n");
    }
    const bool fits = head.find("\r\nIf-Range: " + tag + "\r\n") != std::string::npos;
    if (!has_range || lie == Lie::ignores_range || (lie == Lie::none && !fits)) {
      return cut(response("200 OK", bytes, named + tag + "\r\n"));
    }
    std::size_t used = 0;
    std::size_t first = std::stoul(head.substr(at + 15), &used);
    const std::string end = head.substr(at + 15 + used + 1);
    const std::size_t last = end.starts_with('\r') ? size - 1 : std::stoul(end);
    const std::size_t count = last - first + 1;
    if (lie == Lie::shifted) --first;
    const std::string total = std::to_string(size + (lie == Lie::other_size ? 1 : 0));
    const std::string shown = lie == Lie::other_tag || lie == Lie::none ? tag : "\"old\"";
    const std::string fields =
        (lie == Lie::no_tag ? "Connection: close\r\n" : named + shown + "\r\n") +
        "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(first + count - 1) +
        "/" + total + "\r\n";
    const std::size_t more = lie == Lie::longer && first > 0 ? 1 : 0;
    return cut(response("206 Partial Content", bytes.substr(first - more, count + more), fields));
  }

  std::string cut(std::string answer) const {
    if (limit_ > 0 && answer.size() > limit_) answer.resize(limit_);
    return answer;
  }

  std::atomic<Lie> lie_;
  std::atomic<bool> is_new_ = false;
  std::atomic<std::size_t> limit_ = 0;
  std::mutex mutex_;
  std::vector<std::string> heads_;
};

bool asks_for_range(const std::string& head) {
  return head.find("\r\nRange: bytes=") != std::string::npos;
}

class Ranges : public Program {
 protected:
  static std::vector<ScriptedServer::Script> many(RangeServer& behind) {
    return std::vector<ScriptedServer::Script>(1000, behind.script());
  }
};

TEST_F(Ranges, ComeOverSeveralConnections) {
  RangeServer behind(Lie::none);
  ScriptedServer server(many(behind));
  const Finished finished = quoit({"get", "-j", "3", server.url("/a")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.err, "saved a (9000000 bytes)\n");
  EXPECT_TRUE(content("a") == old_file());
  EXPECT_EQ(files(), Files{"a"});
  const std::vector<std::string> heads = behind.heads();
  ASSERT_GE(heads.size(), 2U);
  EXPECT_FALSE(asks_for_range(heads[0]));
  for (std::size_t at = 1; at < heads.size(); ++at) {
    EXPECT_TRUE(asks_for_range(heads[at])) << heads[at];
    EXPECT_NE(heads[at].find("\r\nIf-Range: \"old\"\r\n"), std::string::npos) << heads[at];
  }
}

// The file is the new version, from one request for all of it.
TEST_F(Ranges, OfAnotherFileLeadToANewBeginning) {
  for (const Lie lie : {Lie::ignores_range, Lie::other_tag, Lie::no_tag, Lie::shifted,
                        Lie::other_size, Lie::longer, Lie::not_satisfiable}) {
    RangeServer behind(lie);
    ScriptedServer server(many(behind));
    const Finished finished = quoit({"get", "-j", "3", server.url("/a")});
    server.finish();
    const int what = static_cast<int>(lie);
    EXPECT_EQ(finished.status, 0) << what << finished.err;
    EXPECT_TRUE(content("a") == new_file()) << what;
    EXPECT_NE(finished.err.find("is not of the same file; beginning anew"), std::string::npos)
        << what << finished.err;
    EXPECT_FALSE(asks_for_range(behind.heads().back())) << what;
    EXPECT_EQ(files(), Files{"a"}) << what;
  }
}

TEST_F(Ranges, ThatAreRefusedAreKeptForTheNextRun) {
  RangeServer behind(Lie::busy);
  ScriptedServer server(many(behind));
  const Finished refused = quoit({"get", "-j", "3", server.url("/a")});
  EXPECT_EQ(refused.status, 22) << refused.err;
  EXPECT_NE(refused.err.find(" of a are kept, and the same command goes on there"),
            std::string::npos)
      << refused.err;
  EXPECT_EQ(files(), (Files{".a.quoit-part", ".a.quoit-part.meta"}));
  behind.stop_lying();
  const Finished finished = quoit({"get", "-j", "3", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(content("a") == old_file());
  EXPECT_EQ(files(), Files{"a"});
}

// Each connection breaks after a megabyte; the part file has holes when the run ends.
TEST_F(Ranges, GoOnAfterCutsAndInTheNextRun) {
  RangeServer behind(Lie::none);
  ScriptedServer server(many(behind));
  behind.cut_after(1'000'000);
  const Finished finished = quoit({"get", "-j", "3", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(content("a") == old_file());

  Process process(line({"get", "-j", "3", "--limit-rate", "500K", server.url("/b")}), here());
  while (process.running() && content(".b.quoit-part.meta").find("done ") == std::string::npos) {
    std::this_thread::yield();
  }
  while (process.running() && std::filesystem::file_size(path(".b.quoit-part")) < size / 2) {
    std::this_thread::yield();
  }
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130) << process.err();
  EXPECT_NE(content(".b.quoit-part.meta").find("\ndone "), std::string::npos);
  const std::size_t before = behind.heads().size();
  const Finished rest = quoit({"get", server.url("/b")});
  EXPECT_EQ(rest.status, 0) << rest.err;
  EXPECT_NE(rest.err.find(" of them before"), std::string::npos) << rest.err;
  EXPECT_TRUE(content("b") == old_file());
  EXPECT_EQ(files(), (Files{"a", "b"}));
  for (std::size_t at = before; at < behind.heads().size(); ++at) {
    EXPECT_TRUE(asks_for_range(behind.heads()[at])) << behind.heads()[at];
  }
}

// As a kill behind the last byte leaves it: no range is missing, but nothing has been verified.
TEST_F(Ranges, ThatAreAllThereAreVerifiedByTheNextRun) {
  RangeServer behind(Lie::none);
  ScriptedServer server(many(behind));
  FileDigest digest;
  digest.add(old_file());
  const std::string option = "sha-256=" + hex_text(digest.finish().value());
  const auto leave = [&](const std::string& name, const std::string& bytes) {
    write("." + name + ".quoit-part", bytes);
    write("." + name + ".quoit-part.meta",
          "quoit-part 1\nurl " + server.url("/" + name) +
              "\nvalidator \"old\"\nsize 9000000\ndone 0-8999999\nend\n");
  };
  leave("a", old_file());
  const Finished finished = quoit({"get", "-j", "3", "--verify", option, server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.err.find("SHA-256 verified"), std::string::npos) << finished.err;
  EXPECT_TRUE(content("a") == old_file());

  leave("b", new_file());
  const Finished failed = quoit({"get", "-j", "3", "--verify", option, server.url("/b")});
  EXPECT_EQ(failed.status, 65) << failed.err;
  EXPECT_EQ(files(), Files{"a"});
}

}  // namespace
}  // namespace client
