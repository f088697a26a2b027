// quoit ls, end to end: the real program against servers that list directories in several ways.
#include "tests/client/program.h"

namespace client {
namespace {

using Ls = Program;

std::string json(std::string_view text) {
  return response("200 OK", text, "Content-Type: application/json; charset=utf-8\r\n");
}

std::string html(std::string_view text) {
  return response("200 OK", text, "Content-Type: text/html\r\n");
}

TEST_F(Ls, PrintsTheNamesOfAJsonListing) {
  const std::string listing =
      "[{\"name\":\"sub\",\"type\":\"directory\"},"
      "{\"name\":\"a b\",\"size\":5,\"mtime\":\"1994-11-06T08:49:37Z\"}]";
  const ScriptedServer server(
      {[&](Peer& peer) {
         const std::string head = peer.read_head();
         EXPECT_EQ(head.rfind("GET /d/ HTTP", 0), 0U) << head;
         const std::string wish = "application/json, text/html;q=0.5";
         EXPECT_NE(head.find("\r\nAccept: " + wish + "\r\n"), std::string::npos) << head;
         peer.send(json(listing));
       },
       answers(json(listing)), answers(json(listing))});
  const Finished names = quoit({"ls", server.url("/d/")});
  EXPECT_EQ(names.status, 0) << names.err;
  EXPECT_EQ(names.out, "a b\nsub/\n");
  EXPECT_EQ(names.err, "");
  EXPECT_EQ(quoit({"ls", "-l", server.url("/d/")}).out,
            "5  1994-11-06T08:49:37Z  a b\n"
            "-  -                     sub/\n");
  const Finished events = quoit({"ls", "--json", server.url("/d/")});
  EXPECT_EQ(
      events.out,
      "{\"event\": \"entry\", \"url\": \"" + server.url("/d/a%20b") +
          "\", \"name\": \"a b\", \"type\": \"file\", \"bytes\": 5, \"modified\": "
          "\"1994-11-06T08:49:37Z\"}\n{\"event\": \"entry\", \"url\": \"" +
          server.url("/d/sub/") +
          "\", \"name\": \"sub\", \"type\": \"directory\"}\n{\"event\": \"done\", \"url\": \"" +
          server.url("/d/") +
          "\", \"bytes\": 0, \"status\": 200}\n"
          "{\"event\": \"summary\", \"bytes\": 0, \"files\": 1, \"failed\": 0, \"exit\": 0}\n");
}

TEST_F(Ls, FollowsTheRedirectToTheDirectoryAndReadsLinks) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.send(response("301 Moved Permanently", "", "Location: /d/\r\n"));
    EXPECT_EQ(peer.read_head().rfind("GET /d/ ", 0), 0U);
    peer.send(
        html("<a href=\"../\">..</a><a href=\"b%20c\">x</a><A HREF='sub/'>y</A>"
             "<a href=\"/other\">z</a><a href=\"bad%2fname\">x</a>"));
  }});
  const Finished finished = quoit({"ls", server.url("/d")});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out, "b c\nsub/\n");
  EXPECT_EQ(finished.err, "quoit: warning: " + server.url("/d/") +
                              ": the listing has the name 'bad%2fname', which no file here may "
                              "have; it is left out\n");
}

TEST_F(Ls, SaysWhyThereIsNoListing) {
  struct Row {
    std::string bytes;
    int status;
    std::string text;
  };
  const std::vector<Row> rows = {
      {response("404 Not Found"), 22, "404 Not Found"},
      {json("{}"), 8, "JSON that is no listing"},
      {json("[{\"name\":\"a\"}"), 8, "JSON that is no listing"},
      {response("200 OK", "x", "Content-Type: text/plain\r\n"), 8, "is no listing"},
      {response("200 OK", "x", "Content-Type: text/html\r\nContent-Encoding: gzip\r\n"), 8, "gzip"},
      {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<a", 18, "ended"},
      {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 67108865\r\n\r\n" +
           std::string(67108865, ' '),
       8, "more than 64.0 MiB"},
  };
  for (const Row& row : rows) {
    const ScriptedServer server({answers(row.bytes)});
    const Finished finished = quoit({"ls", server.url("/d/")});
    EXPECT_EQ(finished.status, row.status) << finished.err;
    EXPECT_EQ(finished.out, "");
    EXPECT_NE(finished.err.find(row.text), std::string::npos) << finished.err;
  }
  const ScriptedServer file({answers(html("x"))});
  const Finished finished = quoit({"ls", file.url("/file.html")});
  EXPECT_EQ(finished.status, 8);
  EXPECT_NE(finished.err.find("/file.html is no directory"), std::string::npos) << finished.err;
}

TEST_F(Ls, FailsWhereNothingReadsItsOutput) {
  const ScriptedServer server({answers(json("[{\"name\":\"a\"}]"))});
  const Finished finished = test_support::run(
      {"sh", "-c", "exec \"$@\" >/dev/full", "sh", quoit_path(), "ls", server.url("/d/")}, here());
  EXPECT_EQ(finished.status, 23) << finished.err;
}

}  // namespace
}  // namespace client
