// quoit sync, end to end: the real program against servers that answer each path.
#include <array>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <utility>

#include "apps/client/command/sha256.h"
#include "apps/client/local/file_digest.h"
#include "tests/client/program.h"

namespace client {
namespace {

using Content = std::map<std::string, std::string>;

// The time of all files on the servers.
constexpr std::int64_t old_time = 784111777;
const std::string old_date = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string time_field = "Last-Modified: " + old_date + "\r\n";

std::string entry(std::string_view name, std::string_view content) {
  return R"({"name":")" + std::string(name) + R"(","size":)" + std::to_string(content.size()) +
         R"(,"mtime":"1994-11-06T08:49:37Z"})";
}

std::string json(std::string_view text) {
  return response("200 OK", text, "Content-Type: application/json\r\n");
}

// A server of files. It keeps the requests, as "GET /d/", with the conditions behind the writes.
class Files {
 public:
  explicit Files(Content responses) : responses_(std::move(responses)) {}

  ScriptedServer::Script script() {
    return [this](Peer& peer) { serve(peer); };
  }
  // The requests since the last call.
  std::vector<std::string> requests() { return std::exchange(requests_, {}); }
  std::string stored(const std::string& target) { return stored_[target]; }

 private:
  static std::string field(const std::string& head, const std::string& name) {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t from = at + name.size() + 4;
    return head.substr(from, head.find('\r', from) - from);
  }

  void serve(Peer& peer) {
    while (true) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      const std::size_t space = head.find(' ');
      const std::string method = head.substr(0, space);
      const std::string target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
      std::string request = method + " " + target;
      for (const char* const name : {"If-None-Match", "If-Match", "If-Unmodified-Since"}) {
        const std::string value = field(head, name);
        if (!value.empty()) request += " " + std::string(name) + "=" + value;
      }
      requests_.push_back(request);
      if (method == "PUT") {
        stored_[target] = peer.read_bytes(std::stoul(field(head, "Content-Length")));
        peer.send(response(responses_.count("PUT " + target) > 0 ? "412 Precondition Failed"
                                                                 : "201 Created"));
      } else if (method == "DELETE") {
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
      } else {
        const auto found = responses_.find(target);
        std::string bytes = found == responses_.end() ? response("404 Not Found") : found->second;
        if (method == "HEAD") bytes.resize(bytes.find("\r\n\r\n") + 4);
        peer.send(bytes);
      }
    }
  }

  Content responses_;
  std::vector<std::string> requests_;
  Content stored_;
};

class Sync : public Program {
 protected:
  void write_old(const std::string& name, std::string_view text) const {
    write(name, text);
    const timespec time{.tv_sec = old_time, .tv_nsec = 0};
    const std::array<timespec, 2> times = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, path(name).c_str(), times.data(), 0), 0);
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
};

using Requests = std::vector<std::string>;

TEST_F(Sync, GetsWhatDiffersAndNothingTheSecondTime) {
  Files files({
      {"/d/", json("[" + entry("a", "one") + "," + entry("b c", "two") + "," +
                   R"({"name":"sub","type":"directory"}])")},
      {"/d/a", response("200 OK", "one", time_field)},
      {"/d/b%20c", response("200 OK", "two", time_field)},
      {"/d/sub/", json("[" + entry("x", "three") + "]")},
      {"/d/sub/x", response("200 OK", "three", time_field)},
  });
  ScriptedServer server(std::vector<ScriptedServer::Script>(2, files.script()));
  std::filesystem::create_directory(path("here"));
  write_old("here/a", "one");
  write("here/b c", "older");
  write("here/extra", "stays");
  const Finished first = quoit({"sync", "-j1", server.url("/d/"), "here"});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(content("here/b c"), "two");
  EXPECT_EQ(content("here/sub/x"), "three");
  EXPECT_EQ(content("here/extra"), "stays");
  EXPECT_NE(first.err.find("2 to get, 1 equal\n"), std::string::npos) << first.err;
  EXPECT_NE(first.err.find("synchronised 2 of 2 files"), std::string::npos) << first.err;
  const Finished second = quoit({"sync", "-j1", server.url("/d/"), "here/"});
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.err, "0 to get, 3 equal\n");
  server.finish();
  EXPECT_EQ(files.requests(), (Requests{"GET /d/", "GET /d/sub/", "GET /d/b%20c", "GET /d/sub/x",
                                        "GET /d/", "GET /d/sub/"}));
}

TEST_F(Sync, RemovesLastAndOnlyAfterSuccess) {
  Files files({
      {"/d/", json("[" + entry("a", "one") + "]")},
      {"/d/a", response("200 OK", "one", time_field)},
      {"/bad/", json("[" + entry("a", "one") + "," + entry("b", "x") + "]")},
      {"/bad/a", response("200 OK", "one", time_field)},
      {"/part/", json(R"([{"name":"sub","type":"directory"}])")},
  });
  const ScriptedServer server(std::vector<ScriptedServer::Script>(5, files.script()));
  std::filesystem::create_directories(path("here/old/deep"));
  write("here/extra", "x");
  write("here/old/deep/file", "x");
  std::filesystem::create_symlink("/", path("here/link"));
  const Finished failed = quoit({"sync", "-j1", "--delete", server.url("/bad/"), "here"});
  EXPECT_EQ(failed.status, 22) << failed.err;
  EXPECT_TRUE(exists("here/extra"));
  EXPECT_NE(failed.err.find("nothing was deleted"), std::string::npos) << failed.err;
  const Finished partial = quoit({"sync", "-j1", "--delete", server.url("/part/"), "here"});
  EXPECT_EQ(partial.status, 22) << partial.err;
  EXPECT_TRUE(exists("here/extra"));
  const Finished planned =
      quoit({"sync", "-j1", "--delete", "--dry-run", server.url("/d/"), "here"});
  EXPECT_EQ(planned.status, 0) << planned.err;
  EXPECT_EQ(planned.out,
            "delete sub/\ndelete old/deep/file\ndelete old/deep/\n"
            "delete old/\ndelete extra\n");
  EXPECT_TRUE(exists("here/extra"));
  EXPECT_EQ(quoit({"sync", "-j1", "--delete", server.url("/d/"), "here"}).status, 0);
  EXPECT_EQ(content("here/a"), "one");
  EXPECT_FALSE(exists("here/extra"));
  EXPECT_FALSE(exists("here/old"));
  EXPECT_TRUE(std::filesystem::is_symlink(path("here/link")));
  EXPECT_EQ(quoit({"sync", "-j1", "--delete", server.url("/none/"), "here"}).status, 22);
  EXPECT_TRUE(exists("here/a"));
}

TEST_F(Sync, SendsUnderTheConditionThatTheServersFileIsTheListedOne) {
  Files files({{"/d/", json("[" + entry("a", "one") + "," + entry("b", "two") + "," +
                            entry("extra", "x") + "]")}});
  ScriptedServer server(std::vector<ScriptedServer::Script>(8, files.script()));
  std::filesystem::create_directories(path("here/sub"));
  write_old("here/a", "one");
  write_old("here/b", "changed");
  write_old("here/sub/new", "new");
  const Finished finished = quoit({"sync", "-j1", "--delete", "here", server.url("/d/")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  server.finish();
  EXPECT_EQ(files.requests(), (Requests{"GET /d/", "PUT /d/b If-Unmodified-Since=" + old_date,
                                        "PUT /d/sub/new If-None-Match=*",
                                        "DELETE /d/extra If-Unmodified-Since=" + old_date}));
  EXPECT_EQ(files.stored("/d/b"), "changed");
  EXPECT_EQ(files.stored("/d/sub/new"), "new");
}

TEST_F(Sync, OverwritesNoChangeOfAnotherPerson) {
  Files files(
      {{"/d/", json("[" + entry("a", "one") + "," + entry("extra", "x") + "]")}, {"PUT /d/a", ""}});
  ScriptedServer server(std::vector<ScriptedServer::Script>(3, files.script()));
  std::filesystem::create_directories(path("here"));
  write_old("here/a", "mine");
  const Finished finished = quoit({"sync", "-j1", "--delete", "here", server.url("/d/")});
  EXPECT_EQ(finished.status, 22) << finished.err;
  EXPECT_NE(finished.err.find("412 Precondition Failed"), std::string::npos) << finished.err;
  server.finish();
  EXPECT_EQ(files.requests().back(), "PUT /d/a If-Unmodified-Since=" + old_date);
}

TEST_F(Sync, AsksForWhatAnHtmlListingDoesNotSay) {
  Files files({
      {"/d/", response("200 OK", "<a href=a>a</a><a href=b>b</a><a href=c>c</a>",
                       "Content-Type: text/html\r\n")},
      {"/d/a", response("200 OK", "one", time_field)},
      {"/d/b", response("200 OK", "two", time_field + "ETag: \"t\"\r\n")},
      {"/d/c", response("200 OK", "three", time_field)},
  });
  ScriptedServer server(std::vector<ScriptedServer::Script>(4, files.script()));
  std::filesystem::create_directories(path("here"));
  write_old("here/a", "one");
  write("here/b", "too");
  const Finished got = quoit({"sync", "-j1", server.url("/d/"), "here"});
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(content("here/b") + content("here/c"), "twothree");
  write("here/b", "changed");
  const Finished sent = quoit({"sync", "-j1", "here", server.url("/d/")});
  EXPECT_EQ(sent.status, 0) << sent.err;
  server.finish();
  EXPECT_EQ(files.requests(),
            (Requests{"GET /d/", "HEAD /d/a", "HEAD /d/b", "GET /d/b", "GET /d/c", "GET /d/",
                      "HEAD /d/a", "HEAD /d/b", "PUT /d/b If-Match=\"t\"", "HEAD /d/c"}));
}

TEST_F(Sync, DeletesOnlyTheVersionThatTheServerHas) {
  Files files({
      {"/d/", response("200 OK", "<a href=a>a</a><a href=b>b</a>", "Content-Type: text/html\r\n")},
      {"/d/a", response("200 OK", "one", time_field + "ETag: \"t\"\r\n")},
  });
  ScriptedServer server(std::vector<ScriptedServer::Script>(2, files.script()));
  std::filesystem::create_directories(path("here"));
  const Finished sent = quoit({"sync", "--delete", "-j1", "here", server.url("/d/")});
  EXPECT_EQ(sent.status, 0) << sent.err;
  server.finish();
  EXPECT_EQ(files.requests(),
            (Requests{"GET /d/", "HEAD /d/b", "HEAD /d/a", "DELETE /d/a If-Match=\"t\""}))
      << "b is gone already";
}

TEST_F(Sync, ReportsWhatIsInTheWay) {
  Files files({{"/d/", json(R"([{"name":"a","type":"directory"},{"name":"b"},)"
                            R"({"name":"../x","size":1},{"name":"l"}])")},
               {"/d/a/", json("[]")},
               {"/d/l", response("200 OK", "secret")}});
  const ScriptedServer server({files.script()});
  std::filesystem::create_directories(path("here/b"));
  write("here/a", "file");
  write("outside", "kept");
  std::filesystem::create_symlink("../outside", path("here/l"));
  const Finished finished = quoit({"sync", "-j1", "--delete", server.url("/d/"), "here"});
  EXPECT_EQ(finished.status, 8) << finished.err;
  EXPECT_EQ(content("outside"), "kept");
  EXPECT_EQ(content("here/a"), "file");
  for (const char* const name : {"here/a", "here/b", "here/l"}) {
    EXPECT_NE(finished.err.find(std::string(name) + ": a directory, a file or a link is in the"),
              std::string::npos)
        << finished.err;
  }
}

std::string digest_field(std::string_view content) {
  FileDigest digest;
  digest.add(content);
  return "Repr-Digest: " + field_text(digest.finish().value_or(Sha256{})) + "\r\n";
}

TEST_F(Sync, ComparesByDigestWithChecksum) {
  Files files({
      {"/d/",
       json("[" + entry("a", "one") + "," + entry("b", "two") + "," + entry("c", "3") + "]")},
      {"/d/a", response("200 OK", "one", time_field + digest_field("one"))},
      {"/d/b", response("200 OK", "two", time_field + digest_field("two"))},
      {"/d/c", response("200 OK", "3", time_field + digest_field("3"))},
  });
  const ScriptedServer server(std::vector<ScriptedServer::Script>(3, files.script()));
  std::filesystem::create_directory(path("here"));
  write("here/a", "one");      // of another time
  write_old("here/b", "2wo");  // changed without a trace
  write_old("here/c", "longer");
  const Finished got = quoit({"sync", "-j1", "--checksum", server.url("/d/"), "here"});
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(files.requests(),
            (Requests{"GET /d/", "HEAD /d/a", "HEAD /d/b", "GET /d/b", "GET /d/c"}));
  EXPECT_EQ(content("here/b"), "two");
  EXPECT_EQ(content("here/c"), "3");
  write_old("here/b", "2wo");
  const Finished sent = quoit({"sync", "-j1", "--checksum", "here", server.url("/d/")});
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_EQ(files.requests(), (Requests{"GET /d/", "HEAD /d/a", "HEAD /d/b",
                                        "PUT /d/b If-Unmodified-Since=" + old_date, "HEAD /d/c"}));
  EXPECT_EQ(files.stored("/d/b"), "2wo");
}

TEST_F(Sync, FailsForAFileWithoutADigest) {
  Files files({{"/d/", json("[" + entry("a", "one") + "]")},
               {"/d/a", response("200 OK", "one", time_field)}});
  const ScriptedServer server({files.script()});
  std::filesystem::create_directory(path("here"));
  write_old("here/a", "1ne");
  const Finished finished = quoit({"sync", "-j1", "--checksum", server.url("/d/"), "here"});
  EXPECT_EQ(finished.status, 65);
  EXPECT_NE(finished.err.find("/d/a: the server offers no SHA-256 to compare the file with"),
            std::string::npos)
      << finished.err;
  EXPECT_EQ(content("here/a"), "1ne");
}

TEST_F(Sync, NeedsAUrlAndADirectory) {
  for (const std::vector<std::string>& line : {std::vector<std::string>{"sync", "here", "there"},
                                               {"sync", "http://h/a", "http://h/b"},
                                               {"sync", "here"},
                                               {"sync", "-", "http://h/"}}) {
    const Finished finished = quoit(line);
    EXPECT_EQ(finished.status, 2) << finished.err;
  }
  EXPECT_EQ(quoit({"sync", "missing", "http://127.0.0.1:1/"}).status, 7);
}

}  // namespace
}  // namespace client
