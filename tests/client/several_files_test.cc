// Several files in one command, end to end: at once, from a list, their exit code and their
// summary; and the events of --json.
#include <future>
#include <set>

#include "tests/client/program.h"
#include "tests/support/eventually.h"

namespace client {
namespace {

using Files = std::set<std::string>;

class Several : public Program {};

// Answers a request once the other server has got its own.
ScriptedServer::Script answers_after(std::shared_future<void> moment, std::string bytes) {
  return [moment = std::move(moment), bytes = std::move(bytes)](Peer& peer) {
    peer.read_head();
    EXPECT_EQ(moment.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    peer.send(bytes);
  };
}

TEST_F(Several, AreTransferredAtOnce) {
  std::promise<void> asked;
  const ScriptedServer first(
      {answers_after(asked.get_future().share(), response("200 OK", "first"))});
  const ScriptedServer second({[&](Peer& peer) {
    peer.read_head();
    asked.set_value();
    peer.send(response("200 OK", "second"));
  }});
  const Finished finished = quoit({"get", "-j", "2", first.url("/a"), second.url("/b")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(content("a") + content("b"), "firstsecond");
  EXPECT_NE(finished.err.find("saved 2 of 2 files, 11 B in "), std::string::npos) << finished.err;
}

TEST_F(Several, HaveTheExitCodeOfTheFirstFailureInTheirOrder) {
  std::promise<void> asked;
  const ScriptedServer first({answers_after(asked.get_future().share(), "")});
  const ScriptedServer second({[&](Peer& peer) {
    peer.read_head();
    peer.send(response("404 Not Found"));
    EXPECT_TRUE(peer.at_end());
    asked.set_value();
  }});
  const Finished finished = quoit({"get", "-j", "8", first.url("/a"), second.url("/b")});
  EXPECT_EQ(finished.status, 52) << finished.err;
  EXPECT_NE(finished.err.find("quoit: " + first.url("/a") + ": " + first.authority() + " closed"),
            std::string::npos)
      << finished.err;
  EXPECT_NE(finished.err.find("; 2 failed\n"), std::string::npos) << finished.err;
  EXPECT_EQ(files(), Files{});
}

TEST_F(Several, EndAtTheFirstFailureIfWished) {
  const ScriptedServer server({answers(response("404 Not Found"))});
  const Finished finished = quoit({"get", "--fail-early", server.url("/a"), server.url("/b")});
  EXPECT_EQ(finished.status, 22) << finished.err;
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_NE(finished.err.find("saved 0 of 2 files"), std::string::npos) << finished.err;
}

TEST_F(Several, AreNamedByAList) {
  const auto two = [](Peer& peer) {
    for (const char* body : {"1", "2"}) {
      peer.read_head();
      peer.send(response("200 OK", body));
    }
    peer.at_end();
  };
  const ScriptedServer server({two, two});
  const std::string list = "# mirrors\n\n  " + server.url("/b") + "\r\n";
  write("list", list);
  const Finished named = quoit({"get", server.url("/a"), "-i", "list"});
  EXPECT_EQ(named.status, 0) << named.err;
  EXPECT_EQ(content("a") + content("b"), "12");
  const Finished piped =
      quoit({"get", "-i", "-"}, {.input = server.url("/c") + "\n" + server.url("/d")});
  EXPECT_EQ(piped.status, 0) << piped.err;
  EXPECT_EQ(content("c") + content("d"), "12");
  write("empty", "#\n");
  const Finished empty = quoit({"get", "-i", "empty"});
  EXPECT_EQ(empty.status, 2);
  EXPECT_NE(empty.err.find("there is no URL in empty"), std::string::npos) << empty.err;
  EXPECT_EQ(quoit({"get", "-i", "missing"}).status, 26);
  EXPECT_EQ(quoit({"get"}).status, 2);
}

TEST_F(Several, AreUploadedIntoADirectory) {
  std::set<std::string> targets;
  const auto stores = [&](Peer& peer) {
    const std::string head = peer.read_head();
    targets.insert(head.substr(0, head.find(" HTTP")));
    peer.read_bytes(1);
    peer.send(response("201 Created"));
  };
  ScriptedServer server({stores, stores});
  write("a", "1");
  write("b", "2");
  const Finished finished = quoit({"put", "a", "b", server.url("/in/")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.err.find("stored 2 of 2 files, 2 B in "), std::string::npos) << finished.err;
  server.finish();
  EXPECT_EQ(targets, (std::set<std::string>{"PUT /in/a", "PUT /in/b"}));
  const Finished refused = quoit({"put", "a", "b", server.url("/in")});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("several files need a URL that ends in a slash"), std::string::npos)
      << refused.err;
}

TEST_F(Several, AreUploadedOverOneConnection) {
  std::string bodies;
  ScriptedServer server({[&](Peer& peer) {
    for (int i = 0; i < 3; ++i) {
      peer.read_head();
      bodies += peer.read_bytes(1);
      peer.send(response("201 Created", "a page"));
    }
    EXPECT_TRUE(peer.at_end());
  }});
  for (const char* name : {"a", "b", "c"}) write(name, name);
  const Finished finished = quoit({"put", "a", "b", "c", server.url("/in/")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(bodies, "abc");
}

TEST_F(Several, AreUploadedAgainWhereTheServerHasClosedTheConnection) {
  std::string bodies;
  const auto stores_one = [&](Peer& peer) {
    peer.read_head();
    bodies += peer.read_bytes(1);
    peer.send(response("201 Created"));
  };
  ScriptedServer server({[&](Peer& peer) {
                           stores_one(peer);
                           peer.read_head();  // and closes, as a server that was restarted
                         },
                         stores_one});
  write("a", "1");
  write("b", "2");
  const Finished finished = quoit({"put", "a", "b", server.url("/in/")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(bodies, "12");
}

TEST_F(Several, AreUploadedOnceUnderACondition) {
  int requests = 0;
  const auto counts = [&](Peer& peer) {
    EXPECT_NE(peer.read_head().find("If-None-Match: *"), std::string::npos);
    peer.read_bytes(1);
    if (++requests == 1) peer.send(response("201 Created"));
    peer.at_end();
  };
  ScriptedServer server({counts, [&](Peer& peer) {
                           peer.read_head();
                           peer.read_bytes(1);
                           ++requests;  // and closes: the file may be stored
                         }});
  write("a", "1");
  write("b", "2");
  const Finished finished = quoit({"put", "--if-absent", "a", "b", server.url("/in/")});
  server.finish();
  EXPECT_EQ(finished.status, 52) << finished.err;
  EXPECT_EQ(requests, 2);
}

// --- Events ---

TEST_F(Several, AreReportedAsEvents) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.send(response("200 OK", "hello", "ETag: \"t\"\r\n"));
    peer.read_head();
    peer.send(response("404 Not Found"));
    peer.at_end();
  }});
  const Finished finished = quoit({"get", "--json", server.url("/a"), server.url("/b")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_EQ(finished.err, "");
  const std::string a = "\"url\": \"" + server.url("/a") + "\", \"file\": \"a\"";
  const std::string b = "\"url\": \"" + server.url("/b") + "\", \"file\": \"b\"";
  EXPECT_EQ(finished.out,
            "{\"event\": \"start\", " + a + ", \"bytes\": 0, \"total\": 5}\n" +
                "{\"event\": \"done\", " + a +
                ", \"bytes\": 5, \"status\": 200, \"etag\": \"\\\"t\\\"\"}\n" +
                "{\"event\": \"error\", " + b + ", \"status\": 404, \"exit\": 22, \"message\": \"" +
                server.url("/b") + ": the server responded 404 Not Found; check the path\"}\n" +
                "{\"event\": \"summary\", \"bytes\": 5, \"files\": 1, \"failed\": 1, "
                "\"exit\": 22}\n");
}

TEST_F(Several, AreReportedOnStandardErrorWhereTheBodyIsPrinted) {
  const ScriptedServer server({answers(response("503 Busy", "", "Retry-After: 0\r\n")),
                               answers(response("200 OK", "hello"))});
  const Finished finished = quoit({"get", "--json", "--retry", "1", server.url("/a"), "-o", "-"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out, "hello");
  EXPECT_TRUE(finished.err.starts_with("{\"event\": \"retry\", ")) << finished.err;
  EXPECT_NE(finished.err.find("{\"event\": \"done\", "), std::string::npos) << finished.err;
}

TEST_F(Several, ReportAWrongUrlAsAnEvent) {
  const Finished finished = quoit({"get", "--json", "http://h:port/"});
  EXPECT_EQ(finished.status, 3);
  EXPECT_TRUE(finished.out.starts_with("{\"event\": \"error\", \"exit\": 3, ")) << finished.out;
  EXPECT_EQ(finished.err, "");
}

TEST_F(Several, ReportTheirProgressAsEvents) {
  std::promise<void> seen;
  const ScriptedServer server({[&](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
    seen.get_future().wait();
    peer.send("56789");
    peer.at_end();
  }});
  Process process(line({"get", "--json", server.url("/a")}), here());
  EXPECT_TRUE(process.wait_for_out("{\"event\": \"progress\", \"url\": \"" + server.url("/a") +
                                   "\", \"file\": \"a\", \"bytes\": 5, \"total\": 10}\n"))
      << process.out();
  seen.set_value();
  EXPECT_EQ(process.wait(), 0);
}

}  // namespace
}  // namespace client
