// --verify, end to end: the real program against a server that announces digests, right and wrong.
#include "apps/client/command/sha256.h"
#include "apps/client/local/file_digest.h"
#include "tests/client/program.h"

namespace client {
namespace {

using Files = std::set<std::string>;

constexpr std::size_t size = 200'000;
const std::string& file() {
  static const std::string bytes = varied_bytes(size);
  return bytes;
}

Sha256 digest_of(std::string_view bytes) {
  FileDigest digest;
  digest.add(bytes);
  return digest.finish().value_or(Sha256{});
}

std::string repr_digest(std::string_view bytes) {
  return "Repr-Digest: " + field_text(digest_of(bytes)) + "\r\n";
}

const std::string tag = "ETag: \"one\"\r\n";
const std::string right = tag + repr_digest(file());
const std::string wrong = tag + repr_digest("another file");

std::string part(std::size_t first, const std::string& fields) {
  return response("206 Partial Content", file().substr(first),
                  fields + "Content-Range: bytes " + std::to_string(first) + "-" +
                      std::to_string(size - 1) + "/" + std::to_string(size) + "\r\n");
}

// The head of a response with the whole file, and its first `count` bytes.
std::string cut(std::size_t count, const std::string& fields) {
  const std::string whole = response("200 OK", file(), fields);
  return whole.substr(0, whole.size() - size + count);
}

class Verify : public Program {};

TEST_F(Verify, SavesAFileWithTheAnnouncedDigest) {
  const ScriptedServer server({[](Peer& peer) {
    const std::string head = peer.read_head();
    EXPECT_NE(head.find("\r\nWant-Repr-Digest: sha-256=10\r\n"), head.npos) << head;
    peer.send(response("200 OK", file(), right));
  }});
  const Finished finished = quoit({"get", "--verify", "sha-256", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.err, "saved a (200000 bytes, SHA-256 verified)\n");
  EXPECT_TRUE(content("a") == file());
}

TEST_F(Verify, SavesNothingWithAnotherDigest) {
  const ScriptedServer server({answers(response("200 OK", file(), wrong))});
  write("a", "before");
  const Finished finished = quoit({"get", "--verify", "sha-256", server.url("/a")});
  EXPECT_EQ(finished.status, 65);
  EXPECT_NE(finished.err.find("the SHA-256 of what has come is " + hex_text(digest_of(file())) +
                              ", and not the expected " + hex_text(digest_of("another file")) +
                              "; nothing was saved"),
            std::string::npos)
      << finished.err;
  EXPECT_EQ(content("a"), "before");
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Verify, ComparesWithTheDigestOfTheCommandLine) {
  const std::string option = "sha-256=" + hex_text(digest_of(file()));
  const ScriptedServer server({[](Peer& peer) {
                                 const std::string head = peer.read_head();
                                 EXPECT_EQ(head.find("Want-Repr-Digest"), head.npos) << head;
                                 peer.send(response("200 OK", file()));
                                 EXPECT_TRUE(peer.at_end());
                               },
                               answers(response("200 OK", "x" + file().substr(1)))});
  EXPECT_EQ(quoit({"get", "--verify", option, server.url("/a")}).status, 0);
  EXPECT_EQ(quoit({"get", "--verify", option, server.url("/b")}).status, 65);
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Verify, FailsBeforeTheBodyWhereNoDigestIsOffered) {
  const ScriptedServer server(
      {answers(response("200 OK", file(), tag)),
       answers(response("200 OK", file(), tag + "Repr-Digest: md5=:AA==:\r\n"))});
  for (int i = 0; i < 2; ++i) {
    const Finished finished = quoit({"get", "--verify", "sha-256", server.url("/a")});
    EXPECT_EQ(finished.status, 65);
    EXPECT_NE(finished.err.find("the server offers no SHA-256 to verify the file with"),
              std::string::npos)
        << finished.err;
    EXPECT_EQ(files(), Files{});
  }
}

TEST_F(Verify, ReadsWhatAnEarlierRunHasLeft) {
  const ScriptedServer server({answers(cut(70'000, right)), answers(""),
                               answers(part(70'000, right)), answers(cut(70'000, right)),
                               answers(""), answers(part(70'000, right))});
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 52);
  const Finished finished = quoit({"get", "--verify", "sha-256", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.err, "saved a (200000 bytes, 70000 of them before, SHA-256 verified)\n");
  EXPECT_TRUE(content("a") == file());

  // A disk that changed a bit of it.
  EXPECT_EQ(quoit({"get", server.url("/b")}).status, 52);
  std::string rotten = content(".b.quoit-part");
  rotten[1000] ^= 1;
  write(".b.quoit-part", rotten);
  const Finished failed = quoit({"get", "--verify", "sha-256", server.url("/b")});
  EXPECT_EQ(failed.status, 65) << failed.err;
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Verify, HashesACutDownloadOnAsItGoesOn) {
  const ScriptedServer server({answers(cut(70'000, right)), answers(part(70'000, right))});
  const Finished finished = quoit({"get", "--verify", "sha-256", "-o", "-", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(finished.out == file());
}

TEST_F(Verify, UsesTheDigestOfTheVersionThatIsSaved) {
  const ScriptedServer server(
      {answers(cut(70'000, wrong)),
       answers(response("200 OK", file(), "ETag: \"two\"\r\n" + repr_digest(file())))});
  const Finished finished = quoit({"get", "--verify", "sha-256", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(content("a") == file());
}

TEST_F(Verify, TellsWhereTheBytesAreInAPipeAlready) {
  const ScriptedServer server({answers(response("200 OK", file(), wrong))});
  const Finished finished = quoit({"get", "--verify", "sha-256", "-o", "-", server.url("/a")});
  EXPECT_EQ(finished.status, 65);
  EXPECT_NE(finished.err.find("; do not use it"), std::string::npos) << finished.err;
}

TEST_F(Verify, CompletesAFileThatIsWholeAlready) {
  const std::string done = "HTTP/1.1 416 Range Not Satisfiable\r\n" + right +
                           "Content-Range: bytes */200000\r\nContent-Length: 0\r\n\r\n";
  const ScriptedServer server({answers(done), answers(done)});
  write("a", file());
  EXPECT_EQ(quoit({"get", "-c", "--verify", "sha-256", server.url("/a")}).status, 0);
  write("a", "x" + file().substr(1));
  EXPECT_EQ(quoit({"get", "-c", "--verify", "sha-256", server.url("/a")}).status, 65);
}

TEST_F(Verify, SendsTheDigestOfAnUpload) {
  const ScriptedServer server({[](Peer& peer) {
                                 const std::string head = peer.read_head();
                                 EXPECT_NE(head.find("\r\n" + repr_digest("hello")), head.npos);
                                 EXPECT_EQ(peer.read_bytes(5), "hello");
                                 peer.send(response("201 Created", {}, repr_digest("hello")));
                                 peer.at_end();
                               },
                               [](Peer& peer) {
                                 peer.read_head();
                                 peer.read_bytes(5);
                                 peer.send(response("201 Created", {}, repr_digest("other")));
                                 peer.at_end();
                               }});
  write("a", "hello");
  const Finished finished = quoit({"put", "--verify", "sha-256", "a", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.err.find("(5 bytes, SHA-256 verified)"), std::string::npos) << finished.err;
  const Finished other = quoit({"put", "--verify", "sha-256", "a", server.url("/a")});
  EXPECT_EQ(other.status, 65);
  EXPECT_NE(other.err.find("the server has stored other bytes"), std::string::npos) << other.err;
}

TEST_F(Verify, ReportsThatTheServerReceivedOtherBytes) {
  const std::string type = "Content-Type: application/problem+json\r\n";
  const std::string where = "https://iana.org/assignments/http-problem-types#";
  const auto refuses = [&](const std::string& problem) {
    return [=](Peer& peer) {
      peer.read_head();
      peer.read_bytes(5);
      peer.send(response("400 Bad Request", R"({"type":")" + where + problem + R"("})", type));
      peer.at_end();
    };
  };
  const ScriptedServer server({refuses("digest-mismatched-values"), refuses("other")});
  write("a", "hello");
  const Finished finished = quoit({"put", "--verify", "sha-256", "a", server.url("/a")});
  EXPECT_EQ(finished.status, 65);
  EXPECT_NE(finished.err.find("the server received bytes with another digest than the announced "
                              "one, and stored nothing; send the file again"),
            std::string::npos)
      << finished.err;
  EXPECT_EQ(quoit({"put", "--verify", "sha-256", "a", server.url("/a")}).status, 22);
}

TEST_F(Verify, NoticesAFileThatChangesWhileItIsSent) {
  const std::string bytes = varied_bytes(900'000);
  const ScriptedServer server({[this](Peer& peer) {
    peer.read_head();
    peer.read_bytes(100'000);
    // Appended to: the bytes that were announced are still there.
    std::ofstream(path("a"), std::ios::binary | std::ios::app) << "more";
    const std::string rest = peer.read_to_end();
    EXPECT_LT(rest.size(), 800'000U);
  }});
  write("a", bytes);
  const Finished finished =
      quoit({"put", "--limit-rate", "200K", "--verify", "sha-256", "a", server.url("/a")});
  EXPECT_EQ(finished.status, 26) << finished.err;
  EXPECT_NE(finished.err.find("a changed while it was sent"), std::string::npos) << finished.err;
}

TEST_F(Verify, SendsNothingWhereTheFileIsAnother) {
  const ScriptedServer server({});
  write("a", "hello");
  const std::string option = "sha-256=" + hex_text(digest_of("other"));
  const Finished finished = quoit({"put", "--verify", option, "a", server.url("/a")});
  EXPECT_EQ(finished.status, 65);
  EXPECT_NE(finished.err.find("it was not sent"), std::string::npos) << finished.err;
  EXPECT_EQ(quoit({"put", "--verify", "sha-256", "/dev/null", server.url("/a")}).status, 26);
}

}  // namespace
}  // namespace client
