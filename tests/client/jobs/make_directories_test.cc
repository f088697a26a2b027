// Uploads into directories that do not exist yet: the paths, and the real program against servers
// with WebDAV.
#include "apps/client/jobs/make_directories.h"

#include "tests/client/program.h"

namespace client {
namespace {

using MakeDirectories = Program;
using Lines = std::vector<std::string>;

std::vector<std::string> directories(const std::string& text) {
  Url url;
  EXPECT_FALSE(parse_url(text, url)) << text;
  std::vector<std::string> paths;
  for (const Url& directory : directories_of(url)) paths.push_back(directory.target());
  return paths;
}

TEST(DirectoriesOf, AreTheInnermostFirstWithoutTheRoot) {
  EXPECT_EQ(directories("http://h/a"), Lines{});
  EXPECT_EQ(directories("http://h/"), Lines{});
  EXPECT_EQ(directories("http://h/a/b"), Lines{"/a/"});
  EXPECT_EQ(directories("http://h/a/b%20c/d?e=/f/"), (Lines{"/a/b%20c/", "/a/"}));
  EXPECT_EQ(directories("http://h/a/b/"), (Lines{"/a/b/", "/a/"}));
}

// A server that makes directories at MKCOL only.
class WebDav {
 public:
  explicit WebDav(std::string refusal) : refusal_(std::move(refusal)) {}

  // What it does on each connection.
  ScriptedServer::Script script() {
    return [this](Peer& peer) {
      while (true) {
        const std::string head = peer.read_head();
        if (head.find("\r\n\r\n") == std::string::npos) return;
        const std::string line = head.substr(0, head.find(" HTTP/"));
        requests.push_back(line);
        const std::size_t space = line.find(' ');
        const std::string path = line.substr(space + 1);
        const std::string method = line.substr(0, space);
        if (method == "OPTIONS")
          peer.send(response("200 OK"));
        else
          peer.send(method == "PUT" ? put(peer, head, path) : make(path));
      }
    };
  }

  std::set<std::string> directories = {"/"};
  std::string made = "201 Created";  // the response to MKCOL
  Lines requests;
  std::string stored;

 private:
  static std::string parent(const std::string& path) {
    return path.substr(0, path.rfind('/', path.size() - 2) + 1);
  }

  std::string put(Peer& peer, const std::string& head, const std::string& path) {
    const bool asks = head.find("Expect: 100-continue") != std::string::npos;
    const bool exists = directories.count(parent(path)) > 0;
    if (asks && !exists) return response(refusal_);
    if (asks) peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) {
      peer.read_through("0\r\n\r\n");
      return response(refusal_);
    }
    const std::string body = peer.read_bytes(std::stoul(head.substr(at + 16)));
    if (!exists) return response(refusal_);
    stored = body;
    return response("201 Created");
  }

  std::string make(const std::string& path) {
    if (directories.count(path) > 0) return response("405 Method Not Allowed");
    if (directories.count(parent(path)) == 0) return response("409 Conflict");
    if (made == "201 Created") directories.insert(path);
    return response(made);
  }

  std::string refusal_;
};

std::vector<ScriptedServer::Script> connections(WebDav& dav, std::size_t count = 3) {
  return std::vector<ScriptedServer::Script>(count, dav.script());
}

TEST_F(MakeDirectories, MakesThemWhereTheServerMakesNoneForAPut) {
  for (const char* refusal : {"409 Conflict", "500 Internal Server Error"}) {
    WebDav dav(refusal);
    ScriptedServer server(connections(dav));
    write("f", "hello");
    const Finished finished = quoit({"put", "f", server.url("/a/b/c/f?x")});
    server.finish();
    EXPECT_EQ(finished.status, 0) << finished.err;
    EXPECT_EQ(dav.stored, "hello");
    EXPECT_EQ(dav.requests, (Lines{"PUT /a/b/c/f?x", "MKCOL /a/b/c/", "MKCOL /a/b/", "MKCOL /a/",
                                   "MKCOL /a/b/", "MKCOL /a/b/c/", "PUT /a/b/c/f?x"}));
  }
}

TEST_F(MakeDirectories, MakesOnlyTheMissingOnes) {
  WebDav dav("409 Conflict");
  dav.directories.insert("/a/");
  ScriptedServer server(connections(dav));
  const std::string large = varied_bytes(2'000'000);  // asks before it sends the body
  write("f", large);
  const Finished finished = quoit({"put", "f", server.url("/a/b/")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_TRUE(dav.stored == large);
  EXPECT_EQ(dav.requests, (Lines{"OPTIONS /a/b/f", "PUT /a/b/f", "MKCOL /a/b/", "PUT /a/b/f"}));
}

TEST_F(MakeDirectories, SaysWhichOneTheServerDoesNotMake) {
  WebDav dav("409 Conflict");
  dav.made = "403 Forbidden";
  ScriptedServer server(connections(dav));
  write("f", "hello");
  const Finished finished = quoit({"put", "f", server.url("/a/b/f")});
  server.finish();
  EXPECT_EQ(finished.status, 22);
  EXPECT_EQ(finished.err, "quoit: " + server.url("/a/b/f") +
                              ": the server responded 409 Conflict; the directory " +
                              server.url("/a/") +
                              " is missing there, and the server responded 403 Forbidden to MKCOL; "
                              "make the directory first\n");
}

// Two channels may make one directory at the same moment, and Apache refuses the second one.
TEST_F(MakeDirectories, RepeatsOnlyARefusalThatMayBeARace) {
  struct Row {
    const char* refusal;
    Lines requests;
  };
  const std::vector<Row> rows = {
      {"403 Forbidden", {"PUT /a/f", "MKCOL /a/", "MKCOL /a/"}},
      {"507 Insufficient Storage", {"PUT /a/f", "MKCOL /a/"}},
      {"401 Unauthorized", {"PUT /a/f", "MKCOL /a/"}},
      {"501 Not Implemented", {"PUT /a/f", "MKCOL /a/"}},
  };
  for (const Row& row : rows) {
    WebDav dav("409 Conflict");
    dav.made = row.refusal;
    ScriptedServer server(connections(dav));
    write("f", "hello");
    EXPECT_EQ(quoit({"put", "-j2", "f", server.url("/a/f")}).status, 22) << row.refusal;
    server.finish();
    EXPECT_EQ(dav.requests, row.requests) << row.refusal;
  }
}

TEST_F(MakeDirectories, AdvisesWhereTheServerDoesNotKnowMkcol) {
  WebDav dav("409 Conflict");
  dav.made = "501 Not Implemented";
  ScriptedServer server(connections(dav));
  write("f", "hello");
  const Finished finished = quoit({"put", "f", server.url("/a/f")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("409 Conflict; a directory of that path is missing there, or a file "
                              "is in the way"),
            std::string::npos)
      << finished.err;
}

TEST_F(MakeDirectories, TriesOnceMoreWhereTheDirectoryExistsMeanwhile) {
  WebDav dav("409 Conflict");
  bool first = true;
  const ScriptedServer::Script serve = dav.script();
  const ScriptedServer::Script serve_and_make = [&](Peer& peer) {
    serve(peer);
    if (std::exchange(first, false)) dav.directories.insert("/a/");  // as another client does
  };
  ScriptedServer server({serve_and_make, serve_and_make, serve_and_make});
  write("f", "hello");
  EXPECT_EQ(quoit({"put", "f", server.url("/a/f")}).status, 0);
  server.finish();
  EXPECT_EQ(dav.requests, (Lines{"PUT /a/f", "MKCOL /a/", "PUT /a/f"}));
}

TEST_F(MakeDirectories, GivesUpWhereTheDirectoryIsNotTheCause) {
  for (const char* refusal : {"409 Conflict", "500 Internal Server Error"}) {
    const auto refuse = [&](Peer& peer) {
      peer.read_head();
      peer.read_bytes(5);
      peer.send(response(refusal));
      EXPECT_TRUE(peer.at_end());
    };
    ScriptedServer server({refuse, answers(response("405 Method Not Allowed")), refuse});
    write("f", "hello");
    const Finished finished = quoit({"put", "f", server.url("/a/f")});
    EXPECT_EQ(finished.status, 22);
    EXPECT_NE(finished.err.find(refusal), std::string::npos) << finished.err;
  }
}

TEST_F(MakeDirectories, SendsNoStreamTwice) {
  WebDav dav("409 Conflict");
  ScriptedServer server(connections(dav, 1));
  const Finished finished = quoit({"put", "-", server.url("/a/f")}, {.input = "hello"});
  server.finish();
  EXPECT_EQ(finished.status, 22);
  EXPECT_EQ(dav.requests, Lines{"PUT /a/f"});
  EXPECT_NE(finished.err.find("a directory of that path is missing there"), std::string::npos)
      << finished.err;
}

}  // namespace
}  // namespace client
