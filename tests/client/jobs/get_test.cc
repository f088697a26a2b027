// quoit get, head and delete, end to end: the real program against a server that follows a script.
#include <chrono>
#include <fcntl.h>
#include <future>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/client/program.h"

namespace client {
namespace {

using Get = Program;
using Files = std::set<std::string>;

TEST_F(Get, StoresTheFileUnderItsName) {
  std::string request;
  ScriptedServer server({[&](Peer& peer) {
    request = peer.read_head();
    peer.send(response("200 OK", "hello"));
    EXPECT_TRUE(peer.at_end());
  }});
  const Finished finished = quoit({"get", server.url("/dir/a%20b.txt?v=1")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("a b.txt"), "hello");
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(finished.err, "saved a b.txt (5 bytes)\n");
  EXPECT_EQ(request.rfind("GET /dir/a%20b.txt?v=1 HTTP/1.1\r\nHost: " + server.authority() +
                              "\r\nUser-Agent: quoit/",
                          0),
            0U)
      << request;
}

TEST_F(Get, WorksWithoutASchemeAndInTheOriginalForm) {
  const ScriptedServer server({answers(response("200 OK", "1")), answers(response("200 OK", "2"))});
  EXPECT_EQ(quoit({"get", server.authority() + "/one.txt"}).status, 0);
  EXPECT_EQ(quoit({"127.0.0.1", std::to_string(server.port()), "GET", "/two.txt"}).status, 0);
  EXPECT_EQ(content("one.txt"), "1");
  EXPECT_EQ(content("two.txt"), "2");
}

TEST_F(Get, WritesToTheNamedFile) {
  const ScriptedServer server({answers(response("200 OK", "1")), answers(response("200 OK", "2")),
                               answers(response("200 OK", "3"))});
  EXPECT_EQ(quoit({"get", server.url("/a"), "-o", "named"}).status, 0);
  EXPECT_EQ(content("named"), "1");
  const Finished printed = quoit({"get", server.url("/a"), "-o", "-"});
  EXPECT_EQ(printed.status, 0);
  EXPECT_EQ(printed.out, "2");
  EXPECT_EQ(printed.err, "");
  EXPECT_EQ(quoit({"get", server.url("/a"), "-o", "/dev/null"}).status, 0);
  struct stat facts {};
  ASSERT_EQ(::stat("/dev/null", &facts), 0);
  EXPECT_TRUE(S_ISCHR(facts.st_mode)) << "the device was replaced by a file";
  EXPECT_EQ(files(), Files{"named"});
}

TEST_F(Get, ReadsChunksAndBodiesThatEndWithTheConnection) {
  const ScriptedServer server({answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "3\r\nhel\r\n2;x\r\nlo\r\n0\r\nX: y\r\n\r\n"),
                               answers("HTTP/1.0 200 OK\r\n\r\nhello")});
  EXPECT_EQ(quoit({"get", server.url("/chunks")}).status, 0);
  EXPECT_EQ(quoit({"get", server.url("/close")}).status, 0);
  EXPECT_EQ(content("chunks"), "hello");
  EXPECT_EQ(content("close"), "hello");
}

TEST_F(Get, ReadsAResponseByteByByte) {
  const std::string answer =
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const ScriptedServer server({[&](Peer& peer) {
    peer.read_head();
    peer.send_in_steps(answer, 1);
    EXPECT_TRUE(peer.at_end());
  }});
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 0);
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(Get, MovesALargeFileUnchanged) {
  const std::string large = varied_bytes(20'000'001);
  const ScriptedServer server({answers(response("200 OK", large))});
  EXPECT_EQ(quoit({"get", server.url("/large")}).status, 0);
  EXPECT_TRUE(content("large") == large);
}

TEST_F(Get, StoresAnEmptyFile) {
  const ScriptedServer server({answers(response("200 OK"))});
  EXPECT_EQ(quoit({"get", server.url("/empty")}).status, 0);
  EXPECT_EQ(files(), Files{"empty"});
  EXPECT_EQ(content("empty"), "");
}

TEST_F(Get, SavesAByteRangeOnlyWhereItWasRequested) {
  const std::string part =
      "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/10\r\n"
      "Content-Length: 5\r\n\r\nhello";
  const ScriptedServer server({answers(part), answers(part)});
  write("a", "old");
  const Finished unasked = quoit({"get", server.url("/a")});
  EXPECT_EQ(unasked.status, 8);
  EXPECT_NE(unasked.err.find("206 Partial Content, which quoit did not ask for"), std::string::npos)
      << unasked.err;
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(quoit({"get", "-H", "Range: bytes=0-4", server.url("/a")}).status, 0);
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(Get, RefusesNotModifiedWithoutACondition) {
  const std::string not_modified = "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n";
  const ScriptedServer server({answers(not_modified), answers(not_modified)});
  const Finished unasked = quoit({"get", server.url("/a")});
  EXPECT_EQ(unasked.status, 8);
  EXPECT_NE(unasked.err.find("304 Not Modified, which quoit did not ask for"), std::string::npos)
      << unasked.err;
  const Finished asked = quoit({"get", "-H", "If-None-Match: \"x\"", server.url("/a")});
  EXPECT_EQ(asked.status, 0);
  EXPECT_NE(asked.err.find("has not changed"), std::string::npos) << asked.err;
  EXPECT_EQ(files(), Files{});
}

TEST_F(Get, RequestsTheFileUnencodedAndWarnsOfACoding) {
  std::string request;
  ScriptedServer server({[&](Peer& peer) {
                           request = peer.read_head();
                           peer.send(response("200 OK", "\x1f\x8b", "Content-Encoding: gzip\r\n"));
                           EXPECT_TRUE(peer.at_end());
                         },
                         answers(response("200 OK", "\x1f\x8b", "Content-Encoding: gzip\r\n"))});
  const Finished warned = quoit({"get", server.url("/a")});
  EXPECT_EQ(warned.status, 0);
  EXPECT_NE(warned.err.find("quoit: warning: " + server.url("/a") +
                            ": the server sends the file encoded (gzip)"),
            std::string::npos)
      << warned.err;
  const Finished wanted = quoit({"get", "-H", "Accept-Encoding: gzip", server.url("/b")});
  EXPECT_EQ(wanted.err, "saved b (2 bytes)\n");
  server.finish();
  EXPECT_NE(request.find("\r\nAccept-Encoding: identity\r\n"), std::string::npos) << request;
}

TEST_F(Get, KeepsTheOldFileWhereTheNewOneIsCutOff) {
  struct Row {
    const char* what;
    std::string answer;
  };
  const std::vector<Row> rows = {
      {"short length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"},
      {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
      {"cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello"},
  };
  write("a", "old");
  for (const Row& row : rows) {
    const ScriptedServer server({answers(row.answer)});
    const Finished finished = quoit({"get", server.url("/a")});
    EXPECT_EQ(finished.status, 18) << row.what << ": " << finished.err;
    EXPECT_NE(finished.err.find("ended after 5 B"), std::string::npos) << finished.err;
    EXPECT_EQ(content("a"), "old") << row.what;
    EXPECT_EQ(files(), Files{"a"}) << row.what;
  }
}

TEST_F(Get, TreatsAResetAsACut) {
  for (const char* head :
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"}) {
    // Only when the program has the head may the reset follow: it would overtake it.
    std::promise<void> head_seen;
    const ScriptedServer server({[&](Peer& peer) {
      peer.read_head();
      peer.send(std::string(head) + "hello");
      head_seen.get_future().wait();
      peer.reset();
    }});
    write("a", "old");
    Process process(line({"get", "-v", server.url("/a")}), here());
    EXPECT_TRUE(process.wait_for_err("< HTTP/1."));
    head_seen.set_value();
    EXPECT_EQ(process.wait(), 18) << process.err();
    EXPECT_EQ(content("a"), "old");
    EXPECT_EQ(files(), Files{"a"});
  }
}

TEST_F(Get, FailsOnAnErrorOfTheServerAndStoresNothing) {
  const ScriptedServer server({answers(response("404 Not Found", "<h1>gone</h1>")),
                               answers("HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n")});
  write("a", "old");
  const Finished missing = quoit({"get", server.url("/a")});
  EXPECT_EQ(missing.status, 22);
  EXPECT_EQ(missing.err, "quoit: " + server.url("/a") +
                             ": the server responded 404 Not Found; check the path\n");
  const Finished broken = quoit({"get", server.url("/a")});
  EXPECT_EQ(broken.status, 22);
  EXPECT_NE(broken.err.find("500 Internal Server Error"), std::string::npos) << broken.err;
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(files(), Files{"a"});
}

TEST_F(Get, RefusesMalformedResponses) {
  struct Row {
    const char* what;
    std::string answer;
    int status;
  };
  std::string endless;
  while (endless.size() < 1'100'000) endless += "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::vector<Row> rows = {
      {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", 8},
      {"HTTP/2", "HTTP/2 200 OK\r\n\r\n", 8},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12", 8},
      {"bad chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\n", 8},
      {"a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 8},
      {"too many interim answers", endless + response("200 OK"), 8},
      {"no answer", "", 52},
      {"half a head", "HTTP/1.1 200 OK\r\nConte", 56},
  };
  for (const Row& row : rows) {
    const ScriptedServer server({answers(row.answer)});
    const Finished finished = quoit({"get", server.url("/a")});
    EXPECT_EQ(finished.status, row.status) << row.what << ": " << finished.err;
    EXPECT_EQ(finished.err.rfind("quoit: ", 0), 0U) << finished.err;
    EXPECT_EQ(finished.err.find('\n'), finished.err.size() - 1) << "one line";
    EXPECT_EQ(files(), Files{}) << row.what;
  }
}

TEST_F(Get, SkipsManyInterimResponses) {
  std::string answer;
  for (int i = 0; i < 5000; ++i) answer += "HTTP/1.1 102 Processing\r\n\r\n";
  const ScriptedServer server({answers(answer + response("200 OK", "hello"))});
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 0);
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(Get, KeepsTheConnectionForTheNextFile) {
  const ScriptedServer server({[](Peer& peer) {
    EXPECT_EQ(peer.read_head().rfind("GET /a ", 0), 0U);
    peer.send(response("200 OK", "A"));
    EXPECT_EQ(peer.read_head().rfind("GET /missing ", 0), 0U);
    peer.send(response("404 Not Found", "an error page"));
    EXPECT_EQ(peer.read_head().rfind("GET /b ", 0), 0U);
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nB\r\n0\r\n\r\n");
    EXPECT_TRUE(peer.at_end());
  }});
  const Finished finished =
      quoit({"get", server.url("/a"), server.url("/missing"), server.url("/b")});
  EXPECT_EQ(finished.status, 22) << "the first failure decides, and does not end the work";
  EXPECT_EQ(content("a"), "A");
  EXPECT_EQ(content("b"), "B");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(Get, ConnectsAgainWhereTheServerHasClosedMeanwhile) {
  const ScriptedServer server({[](Peer& peer) {
                                 peer.read_head();
                                 peer.send(response("200 OK", "A"));
                                 peer.close();
                               },
                               answers(response("200 OK", "B"))});
  const Finished finished = quoit({"get", server.url("/a"), server.url("/b")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("b"), "B");
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(Get, FollowsRedirectsOnOneServer) {
  for (const char* status : {"301 Moved Permanently", "302 Found", "303 See Other",
                             "307 Temporary Redirect", "308 Permanent Redirect"}) {
    const ScriptedServer server({[&](Peer& peer) {
      EXPECT_EQ(peer.read_head().rfind("GET /dir/a ", 0), 0U);
      peer.send(response(status, "see there", "Location: ../b?c\r\n"));
      const std::string second = peer.read_head();
      EXPECT_EQ(second.rfind("GET /b?c ", 0), 0U) << second;
      EXPECT_NE(second.find("Authorization: Basic bWU6cHc=\r\n"), std::string::npos) << second;
      peer.send(response("200 OK", "hello"));
    }});
    const Finished finished = quoit({"get", "http://me:pw@" + server.authority() + "/dir/a"});
    EXPECT_EQ(finished.status, 0) << status << ": " << finished.err;
    EXPECT_EQ(content("a"), "hello") << "named after the URL that was asked for";
  }
}

TEST_F(Get, SendsNoSecretsToAnotherServer) {
  write("token", "secret\n");
  write("netrc", "machine 127.0.0.1 login me password secret\n");
  struct Row {
    std::vector<std::string> words;
    std::string_view field;
  };
  for (const Row& row : {
           Row{{"-H", "Authorization: Bearer secret"}, "Authorization: Bearer secret\r\n"},
           Row{{"--token-file", "token"}, "Authorization: Bearer secret\r\n"},
           Row{{"-u", "me:secret"}, "Authorization: Basic bWU6c2VjcmV0\r\n"},
           Row{{"--netrc-file", "netrc"}, "Authorization: Basic bWU6c2VjcmV0\r\n"},
       }) {
    const ScriptedServer other({[](Peer& peer) {
      const std::string head = peer.read_head();
      EXPECT_EQ(head.find("Authorization"), std::string::npos) << head;
      EXPECT_NE(head.find("X-Kept: yes"), std::string::npos) << head;
      peer.send(response("200 OK", "hello"));
    }});
    const ScriptedServer home({[&](Peer& peer) {
      const std::string first = peer.read_head();
      EXPECT_NE(first.find(row.field), std::string::npos) << first;
      peer.send(response("302 Found", "", "Location: /b\r\n"));
      const std::string second = peer.read_head();
      EXPECT_NE(second.find(row.field), std::string::npos) << second;
      peer.send(response("302 Found", "", "Location: " + other.url("/b") + "\r\n"));
    }});
    std::vector<std::string> words = {"get", home.url("/a"), "-H", "X-Kept: yes"};
    words.insert(words.end(), row.words.begin(), row.words.end());
    const Finished finished = quoit(words);
    EXPECT_EQ(finished.status, 0) << finished.err;
  }
}

TEST_F(Get, MakesDirectoriesWhereItMay) {
  const ScriptedServer server(
      {answers(response("200 OK", "hello")), answers(response("200 OK", "hello"))});
  const Finished refused = quoit({"get", server.url("/a"), "-o", "new/deep/"});
  EXPECT_EQ(refused.status, 23) << refused.err;
  const Finished made = quoit({"get", server.url("/a"), "-o", "new/deep/", "--create-dirs"});
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(content("new/deep/a"), "hello");
  write("file", "");
  const ScriptedServer other({answers(response("200 OK", "hello"))});
  const Finished blocked = quoit({"get", other.url("/a"), "-o", "file/b/a", "--create-dirs"});
  EXPECT_EQ(blocked.status, 23);
  EXPECT_NE(blocked.err.find("file/b/a"), std::string::npos) << blocked.err;
}

TEST_F(Get, LeavesAFileAloneWithoutARequest) {
  const ScriptedServer server({answers(response("200 OK", "new"))});
  write("a", "old");
  const Finished kept = quoit({"get", server.url("/a"), "--no-clobber"});
  EXPECT_EQ(kept.status, 0) << kept.err;
  EXPECT_EQ(kept.err, "a exists already, and is left alone\n");
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_EQ(quoit({"get", server.url("/b"), "--no-clobber"}).status, 0);
  EXPECT_EQ(content("b"), "new");
}

TEST_F(Get, KeepsTheTimeOfTheLastModification) {
  struct Row {
    std::string_view fields;
    bool is_kept;
  };
  for (const Row& row : {Row{"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", true},
                         Row{"Last-Modified: yesterday\r\n", false}, Row{"", false}}) {
    const ScriptedServer server({answers(response("200 OK", "hello", row.fields))});
    EXPECT_EQ(quoit({"get", "-R", server.url("/a")}).status, 0);
    struct stat facts {};
    ASSERT_EQ(::stat(path("a").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mtim.tv_sec == 784111777, row.is_kept) << row.fields;
  }
}

TEST_F(Get, AsksForANewerVersionOnly) {
  const std::string time = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  std::string first, second, third;
  const ScriptedServer server({[&](Peer& peer) {
                                 first = peer.read_head();
                                 peer.send(response("200 OK", "old", time));
                               },
                               [&](Peer& peer) {
                                 second = peer.read_head();
                                 peer.send("HTTP/1.1 304 Not Modified\r\n\r\n");
                               },
                               [&](Peer& peer) {
                                 third = peer.read_head();
                                 peer.send(response("200 OK", "new"));
                               }});
  for (int run = 0; run < 2; ++run) {
    const Finished finished = quoit({"get", "-N", server.url("/a")});
    EXPECT_EQ(finished.status, 0) << finished.err;
    EXPECT_EQ(content("a"), "old");
  }
  EXPECT_EQ(first.find("If-Modified-Since"), std::string::npos) << first;
  EXPECT_NE(second.find("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), std::string::npos);
  EXPECT_EQ(quoit({"get", "-N", server.url("/a")}).status, 0);
  EXPECT_NE(third.find("If-Modified-Since"), std::string::npos);
  EXPECT_EQ(content("a"), "new");
}

TEST_F(Get, TakesTheNameThatTheServerSuggests) {
  const auto suggests = [](const char* name) {
    return answers(
        response("200 OK", "hello",
                 "Content-Disposition: attachment; filename=\"" + std::string(name) + "\"\r\n"));
  };
  const ScriptedServer server({suggests("b.txt"), suggests("b.txt"), suggests(".profile"),
                               answers(response("200 OK", "hello")), suggests("../../c")});
  EXPECT_EQ(quoit({"get", "-J", server.url("/a")}).err, "saved b.txt (5 bytes)\n");
  EXPECT_EQ(files(), Files{"b.txt"});
  write("b.txt", "mine");
  const Finished taken = quoit({"get", "-J", server.url("/a")});
  EXPECT_EQ(taken.status, 23);
  EXPECT_NE(taken.err.find("b.txt: it exists already, and the server chose the name"),
            std::string::npos)
      << taken.err;
  EXPECT_EQ(content("b.txt"), "mine");
  EXPECT_EQ(quoit({"get", "-J", server.url("/hidden")}).status, 0);
  EXPECT_EQ(quoit({"get", "-J", server.url("/none")}).status, 0);
  std::filesystem::create_directory(path("d"));
  EXPECT_EQ(quoit({"get", "-J", server.url("/a"), "-o", "d/"}).status, 0);
  EXPECT_EQ(content("d/c"), "hello");
  EXPECT_EQ(files(), (Files{"b.txt", "hidden", "none", "d"}));
  EXPECT_EQ(quoit({"get", "-J", server.url("/a"), "-o", "x"}).status, 2);
}

// A lower bound alone: no machine is too slow for it.
TEST_F(Get, KeepsToTheRateThatIsAllowed) {
  const std::string body(3000, 'x');
  const ScriptedServer server({answers(response("200 OK", body))});
  const auto start = std::chrono::steady_clock::now();
  const Finished finished = quoit({"get", server.url("/a"), "--limit-rate", "2000"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1000));
  EXPECT_TRUE(content("a") == body);
}

TEST_F(Get, GivesUpATransferThatIsTooSlow) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nETag: \"t\"\r\nContent-Length: 9\r\n\r\nhello");
    EXPECT_TRUE(peer.at_end());
  }});
  const Finished finished =
      quoit({"get", server.url("/a"), "--speed-limit", "1000", "--speed-time", "1"});
  EXPECT_EQ(finished.status, 28) << finished.err;
  EXPECT_NE(finished.err.find("was slower than 1.0 KiB/s for 1 s"), std::string::npos)
      << finished.err;
}

TEST_F(Get, TakesTheHabitsOfCurl) {
  const ScriptedServer server({answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"get", "-fsSL", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(content("a"), "hello");
}

TEST_F(Get, SaysHowToLogIn) {
  const ScriptedServer server(
      {answers(response("401 Unauthorized")), answers(response("401 Unauthorized"))});
  const Finished without = quoit({"get", server.url("/a")});
  EXPECT_EQ(without.status, 22);
  EXPECT_NE(without.err.find("; log in with -u NAME"), std::string::npos) << without.err;
  const Finished wrong = quoit({"get", server.url("/a"), "-u", "me:wrong"});
  EXPECT_EQ(wrong.status, 22);
  EXPECT_NE(wrong.err.find("does not accept these credentials"), std::string::npos) << wrong.err;
}

TEST_F(Get, StopsAfterTenRedirects) {
  const ScriptedServer server({[](Peer& peer) {
    for (int hops = 0; hops <= 10; ++hops) {
      peer.read_head();
      peer.send(response("302 Found", "", "Location: /again\r\n"));
    }
    EXPECT_TRUE(peer.at_end());
  }});
  EXPECT_EQ(quoit({"get", server.url("/a")}).status, 47);
  const ScriptedServer elsewhere(
      {answers(response("302 Found", "", "Location: ftp://example.org/\r\n"))});
  EXPECT_EQ(quoit({"get", elsewhere.url("/a")}).status, 1);
  const ScriptedServer nowhere({answers(response("302 Found"))});
  EXPECT_EQ(quoit({"get", nowhere.url("/a")}).status, 22);
  EXPECT_EQ(files(), Files{});
}

TEST_F(Get, SavesIntoADirectoryUnderTheNamesOfTheUrls) {
  const ScriptedServer server({[](Peer& peer) {
    for (const char* body : {"1", "2"}) {
      peer.read_head();
      peer.send(response("200 OK", body));
    }
    EXPECT_TRUE(peer.at_end());
  }});
  std::filesystem::create_directory(path("d"));
  const Finished finished = quoit({"get", server.url("/x/a"), server.url("/b"), "-o", "d/"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("d/a") + content("d/b"), "12");
  const ScriptedServer other({answers(response("200 OK", "1"))});
  const Finished missing = quoit({"get", other.url("/a"), "-o", "missing/"});
  EXPECT_EQ(missing.status, 23);
  EXPECT_NE(missing.err.find("its directory does not exist"), std::string::npos) << missing.err;
}

TEST_F(Get, RequestsNothingWhereTwoFilesHaveOneName) {
  const ScriptedServer server({});
  const Finished finished = quoit({"get", server.url("/a/f"), server.url("/b/f")});
  EXPECT_EQ(finished.status, 2);
  EXPECT_NE(finished.err.find("would both be saved as f"), std::string::npos) << finished.err;
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_EQ(files(), Files{});
}

TEST_F(Get, SaysWhyItCannotWrite) {
  const ScriptedServer server({answers(response("200 OK", "hello")),
                               answers(response("200 OK", "hello")),
                               answers(response("200 OK", "hello"))});
  const Finished nowhere = quoit({"get", server.url("/a"), "-o", "missing/a"});
  EXPECT_EQ(nowhere.status, 23);
  EXPECT_NE(nowhere.err.find("directory does not exist"), std::string::npos) << nowhere.err;
  const Finished directory = quoit({"get", server.url("/a"), "-o", "."});
  EXPECT_EQ(directory.status, 23);
  EXPECT_NE(directory.err.find("is a directory"), std::string::npos) << directory.err;
  const Finished full = quoit({"get", server.url("/a"), "-o", "/dev/full"});
  EXPECT_EQ(full.status, 23);
  EXPECT_NE(full.err.find("no space left"), std::string::npos) << full.err;
  EXPECT_EQ(files(), Files{});
}

TEST_F(Get, KeepsLinksAndPermissionsOfWhatItReplaces) {
  write("real", "old");
  ASSERT_EQ(::chmod(path("real").c_str(), 0640), 0);
  std::filesystem::create_symlink("real", directory_ / "link");
  const ScriptedServer server({answers(response("200 OK", "new"))});
  EXPECT_EQ(quoit({"get", server.url("/link")}).status, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "link"));
  EXPECT_EQ(content("real"), "new");
  struct stat facts {};
  ASSERT_EQ(::stat(path("real").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0640U);
  EXPECT_EQ(files(), (Files{"link", "real"}));
}

TEST_F(Get, KeepsTheUrlWithTheFile) {
  const ScriptedServer server(
      std::vector<ScriptedServer::Script>(2, answers(response("200 OK", "hello"))));
  const std::string url = "http://me:secret@" + server.authority() + "/a?b=c";
  write("probe", "");
  const bool has_attributes =
      ::setxattr(path("probe").c_str(), "user.xdg.origin.url", "u", 1, 0) == 0;
  const Finished finished = quoit({"get", "--xattr", url, "-o", "a"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("a"), "hello");
  EXPECT_EQ(finished.err.find("cannot keep the URL with a: ") == std::string::npos, has_attributes)
      << finished.err;
  EXPECT_EQ(quoit({"get", "--xattr", url, "-o", "-"}).err, "");
  if (!has_attributes) GTEST_SKIP() << "this file system has no extended attributes";
  std::string value(100, '\0');
  const ssize_t size =
      ::getxattr(path("a").c_str(), "user.xdg.origin.url", value.data(), value.size());
  ASSERT_GT(size, 0);
  value.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(value, server.url("/a?b=c"));
}

}  // namespace
}  // namespace client
