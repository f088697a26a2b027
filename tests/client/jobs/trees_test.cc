// quoit get -r and put -r, end to end: the real program against servers that answer each path.
#include <map>

#include "tests/client/program.h"

namespace client {
namespace {

class Trees : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    std::filesystem::create_directory(path("outside"));
  }

  // The files below the test's directory, with their content.
  std::map<std::string, std::string> tree(const std::string& name) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(name))) {
      const std::string relative = std::filesystem::relative(entry.path(), path(name)).string();
      all[relative] = entry.is_directory() ? "/" : content(name + "/" + relative);
    }
    return all;
  }
};

using Tree = std::map<std::string, std::string>;

std::string json(std::string_view text) {
  return response("200 OK", text, "Content-Type: application/json\r\n");
}

// Answers each request for one of these paths, and 404 for all others.
ScriptedServer::Script serves(std::map<std::string, std::string> responses) {
  return [responses = std::move(responses)](Peer& peer) {
    while (true) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      const std::size_t from = head.find(' ') + 1;
      const auto found = responses.find(head.substr(from, head.find(' ', from) - from));
      peer.send(found == responses.end() ? response("404 Not Found") : found->second);
    }
  };
}

const std::string time_field = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

TEST_F(Trees, AreDownloadedWithTheirTimes) {
  const ScriptedServer server({serves({
      {"/d/", json(R"([{"name":"a b"},{"name":"sub","type":"directory"},{"name":"z"}])")},
      {"/d/a%20b", response("200 OK", "one", time_field)},
      {"/d/sub/", json(R"([{"name":"deep","type":"directory"}])")},
      {"/d/sub/deep/", json(R"([{"name":"c"}])")},
      {"/d/sub/deep/c", response("200 OK", "two", time_field)},
      {"/d/z", response("200 OK", "three", time_field)},
  })});
  const Finished finished = quoit({"get", "-r", "-j", "1", server.url("/d/")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(
      tree("d"),
      (Tree{
          {"a b", "one"}, {"sub", "/"}, {"sub/deep", "/"}, {"sub/deep/c", "two"}, {"z", "three"}}));
  EXPECT_NE(finished.err.find("saved 3 of 3 files, 11 B in "), std::string::npos) << finished.err;
  struct stat facts {};
  ASSERT_EQ(::stat(path("d/z").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mtim.tv_sec, 784111777);
}

TEST_F(Trees, AreSavedWhereTheOptionSays) {
  const auto one = serves({{"/d/", json(R"([{"name":"a"}])")},
                           {"/d/a", response("200 OK", "1")},
                           {"/", json(R"([{"name":"b"}])")},
                           {"/b", response("200 OK", "2")}});
  const ScriptedServer server({one, one, one, one});
  EXPECT_EQ(quoit({"get", "-r", "-j1", server.url("/d/"), "-o", "new/in/"}).status, 0);
  EXPECT_EQ(content("new/in/d/a"), "1");
  EXPECT_EQ(quoit({"get", "-r", "-j1", server.url("/d/"), "-o", "name"}).status, 0);
  EXPECT_EQ(content("name/a"), "1");
  EXPECT_EQ(quoit({"get", "-r", "-j1", server.url("/"), "-o", "root/"}).status, 0);
  EXPECT_EQ(content("root/b"), "2");
  EXPECT_EQ(quoit({"get", "-r", "-j1", server.url("/")}).status, 0);
  EXPECT_EQ(content("b"), "2");
  EXPECT_EQ(quoit({"get", "-r", server.url("/d/"), "-o", "-"}).status, 2);
  EXPECT_EQ(quoit({"get", "-r", "-J", server.url("/d/")}).status, 2);
}

TEST_F(Trees, ReportNamesThatNoFileMayHaveAndGetTheOthers) {
  const ScriptedServer server({serves({
      {"/d/", json(R"([{"name":"../../outside/x"},{"name":".."},{"name":"a\u0000b"},)"
                   R"({"name":"line\nfeed"},{"name":".a.quoit-part.meta"},{"name":"good"}])")},
      {"/d/good", response("200 OK", "1")},
  })});
  const Finished finished = quoit({"get", "-r", "-j1", server.url("/d/")});
  EXPECT_EQ(finished.status, 8);
  EXPECT_EQ(tree("d"), (Tree{{"good", "1"}}));
  EXPECT_EQ(tree("outside"), Tree{});
  EXPECT_NE(finished.err.find("has the name '../../outside/x', which no file here may have"),
            std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find("saved 1 of 6 files"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("; 5 failed\n"), std::string::npos) << finished.err;
}

TEST_F(Trees, FollowNoLinkOutOfTheirDirectory) {
  std::filesystem::create_directory(path("d"));
  std::filesystem::create_symlink("../outside", path("d/sub"));
  std::filesystem::create_symlink("../outside/x", path("d/a"));
  const ScriptedServer server({serves({
      {"/d/", json(R"([{"name":"a"},{"name":"b"},{"name":"sub","type":"directory"}])")},
      {"/d/a", response("200 OK", "1")},
      {"/d/b", response("200 OK", "2")},
      {"/d/sub/", json(R"([{"name":"y"}])")},
      {"/d/sub/y", response("200 OK", "3")},
  })});
  const Finished finished = quoit({"get", "-r", "-j1", server.url("/d/")});
  EXPECT_EQ(finished.status, 23);
  EXPECT_EQ(tree("outside"), Tree{});
  EXPECT_EQ(content("d/b"), "2");
  EXPECT_NE(finished.err.find("cannot write d/sub/: it is a symbolic link"), std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find("cannot write d/a: it is a symbolic link"), std::string::npos)
      << finished.err;
}

TEST_F(Trees, EndWhereTheServerLeadsElsewhereOrInCircles) {
  const std::string circle = json(R"([{"name":"c","type":"directory"}])");
  const ScriptedServer server({serves({
      {"/d/", json(R"([{"name":"a","type":"directory"},{"name":"b"}])")},
      {"/d/a/", response("302 Found", "", "Location: /secret/\r\n")},
      {"/secret/", json(R"([{"name":"x"}])")},
      {"/d/b", response("200 OK", "1")},
  })});
  const Finished finished = quoit({"get", "-r", "-j1", server.url("/d/")});
  EXPECT_EQ(finished.status, 8);
  EXPECT_EQ(tree("d"), (Tree{{"b", "1"}}));
  EXPECT_NE(finished.err.find("out of the tree"), std::string::npos) << finished.err;
  std::map<std::string, std::string> circles;
  std::string at = "/";
  for (int depth = 0; depth < 105; ++depth, at += "c/") circles[at] = circle;
  const ScriptedServer turning({serves(circles)});
  const Finished turned = quoit({"get", "-r", "-j1", turning.url("/"), "-o", "t"});
  EXPECT_EQ(turned.status, 8);
  EXPECT_NE(turned.err.find("deeper than 100 directories"), std::string::npos) << turned.err;
}

// The fields of -H may be credentials, which belong to the server that the user has named.
TEST_F(Trees, AreNotTakenFromAnotherServer) {
  std::vector<std::string> heads;
  ScriptedServer other({[&heads](Peer& peer) {
    while (true) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      heads.push_back(head);
      peer.send(json(R"([{"name":"a"}])"));
    }
  }});
  const ScriptedServer server(
      {serves({{"/d/", response("302 Found", "", "Location: " + other.url("/d/") + "\r\n")}})});
  const Finished finished =
      quoit({"get", "-r", "-j1", "-H", "Authorization: x", server.url("/d/")});
  EXPECT_EQ(finished.status, 8);
  EXPECT_NE(finished.err.find("get that directory by its own URL"), std::string::npos)
      << finished.err;
  other.finish();
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_EQ(heads[0].find("Authorization"), std::string::npos);
}

TEST_F(Trees, LeaveOutFilesThatAreThere) {
  std::filesystem::create_directory(path("d"));
  write("d/a", "old");
  const ScriptedServer server({serves({
      {"/d/", json(R"([{"name":"a"},{"name":"b"}])")},
      {"/d/a", response("200 OK", "new")},
      {"/d/b", response("200 OK", "2")},
  })});
  EXPECT_EQ(quoit({"get", "-r", "-j1", "--no-clobber", server.url("/d/")}).status, 0);
  EXPECT_EQ(tree("d"), (Tree{{"a", "old"}, {"b", "2"}}));
}

TEST_F(Trees, HaveTheExitCodeOfTheFirstFailure) {
  const ScriptedServer server({serves({
      {"/d/", json(R"([{"name":"a"},{"name":"sub","type":"directory"},{"name":"z"}])")},
      {"/d/z", response("200 OK", "1")},
  })});
  const Finished finished = quoit({"get", "-r", "-j1", "--json", server.url("/d/")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_EQ(tree("d"), (Tree{{"z", "1"}}));
  EXPECT_NE(finished.out.find(R"({"event": "error", "url": ")" + server.url("/d/sub/") +
                              R"(", "file")"
                              R"(: "d/sub/", "status": 404, "exit": 22)"),
            std::string::npos)
      << finished.out;
  EXPECT_NE(finished.out.find(R"("files": 1, "failed": 2, "exit": 22)"), std::string::npos)
      << finished.out;
}

// --- Uploads ---

// Stores each PUT in `stored`, and answers 409 to one whose directory is not in it.
ScriptedServer::Script stores(Tree& stored, bool makes_directories) {
  return [&stored, makes_directories](Peer& peer) {
    while (true) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      const std::size_t from = head.find(' ') + 1;
      const std::string target = head.substr(from, head.find(' ', from) - from);
      const std::string parent = target.substr(0, target.rfind('/', target.size() - 2) + 1);
      const bool has_parent = makes_directories || parent == "/" || stored.count(parent) > 0;
      if (head.starts_with("MKCOL")) {
        EXPECT_EQ(head.find("If-"), std::string::npos) << "the condition is about the file";
        if (has_parent) stored[target] = "/";
        peer.send(response(has_parent ? "201 Created" : "409 Conflict"));
        continue;
      }
      const std::size_t length = head.find("Content-Length: ") + 16;
      const std::string body = peer.read_bytes(std::stoul(head.substr(length)));
      if (has_parent) stored[target] = body;
      peer.send(response(has_parent ? "201 Created" : "409 Conflict"));
    }
  };
}

class UploadedTrees : public Trees {
 protected:
  void SetUp() override {
    Trees::SetUp();
    std::filesystem::create_directories(path("d/sub/deep"));
    write("d/a b", "1");
    write("d/sub/deep/c", "2");
    write("d/sub/e", "3");
    write("outside/x", "s");
    std::filesystem::create_symlink("../outside", path("d/link"));
    std::filesystem::create_symlink("../outside/x", path("d/alias"));
  }
};

TEST_F(UploadedTrees, AreStoredWithoutLinks) {
  Tree stored;
  std::vector<ScriptedServer::Script> scripts(3, stores(stored, true));
  ScriptedServer server(std::move(scripts));
  const Finished finished = quoit({"put", "-r", "-j1", "d", server.url("/in/")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  server.finish();
  EXPECT_EQ(stored, (Tree{{"/in/d/a%20b", "1"}, {"/in/d/sub/deep/c", "2"}, {"/in/d/sub/e", "3"}}));
  EXPECT_NE(finished.err.find("warning: d/alias is a symbolic link"), std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find("stored 3 of 3 files"), std::string::npos) << finished.err;
}

TEST_F(UploadedTrees, MakeTheDirectoriesWhereTheServerDoesNot) {
  Tree stored;
  std::vector<ScriptedServer::Script> scripts(12, stores(stored, false));
  ScriptedServer server(std::move(scripts));
  const Finished finished =
      quoit({"put", "-r", "-j1", "-H", "If-None-Match: *", "d/", server.url("/in/")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  server.finish();
  EXPECT_EQ(stored, (Tree{{"/in/", "/"},
                          {"/in/d/", "/"},
                          {"/in/d/sub/", "/"},
                          {"/in/d/sub/deep/", "/"},
                          {"/in/d/a%20b", "1"},
                          {"/in/d/sub/deep/c", "2"},
                          {"/in/d/sub/e", "3"}}));
}

// Apache refuses the second of two MKCOL that come at the same moment with 403.
TEST_F(UploadedTrees, UseADirectoryThatAnotherConnectionHasJustMade) {
  bool is_made = false;
  const auto apache = [&is_made](Peer& peer) {
    while (true) {
      const std::string head = peer.read_head();
      if (head.empty()) return;
      if (head.starts_with("MKCOL")) {
        peer.send(response(is_made ? "405 Method Not Allowed" : "403 Forbidden"));
        is_made = true;
        continue;
      }
      peer.read_bytes(1);
      peer.send(response(is_made ? "201 Created" : "409 Conflict"));
    }
  };
  const ScriptedServer server(std::vector<ScriptedServer::Script>(4, apache));
  const Finished finished = quoit({"put", "-r", "-j2", "outside", server.url("/in/")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(UploadedTrees, ReportNamesThatNoServerStores) {
  write("d/latin\xe9", "4");
  Tree stored;
  std::vector<ScriptedServer::Script> scripts(3, stores(stored, true));
  ScriptedServer server(std::move(scripts));
  const Finished finished = quoit({"put", "-r", "-j1", "d/.", server.url("/in/")});
  EXPECT_EQ(finished.status, 26);
  server.finish();
  EXPECT_EQ(stored, (Tree{{"/in/a%20b", "1"}, {"/in/sub/deep/c", "2"}, {"/in/sub/e", "3"}}));
  EXPECT_NE(finished.err.find("'d/./latin\\xe9' has a control character"), std::string::npos)
      << finished.err;
}

TEST_F(UploadedTrees, NeedTheOptionAndADirectoryOnTheServer) {
  const Finished plain = quoit({"put", "d", "http://127.0.0.1:1/"});
  EXPECT_EQ(plain.status, 26);
  EXPECT_NE(plain.err.find("send it with -r"), std::string::npos) << plain.err;
  const Finished file = quoit({"put", "-r", "d", "http://127.0.0.1:1/in"});
  EXPECT_EQ(file.status, 2);
  EXPECT_NE(file.err.find("a directory needs a URL that ends in a slash"), std::string::npos)
      << file.err;
}

}  // namespace
}  // namespace client
