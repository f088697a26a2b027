// quoit put, end to end: the real program against a server that follows a script.
#include <array>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <sys/stat.h>

#include "tests/client/program.h"

namespace client {
namespace {

using Put = Program;

// More than the socket buffers of both sides hold.
std::string much() {
  std::string bytes;
  bytes.resize(50'000'000, 'x');
  return bytes;
}

const std::string created = response("201 Created");

TEST_F(Put, SendsAFileAndConfirms) {
  std::string received;
  ScriptedServer server({[&](Peer& peer) {
    received = peer.read_head();
    received += peer.read_bytes(5);
    peer.send(created);
    EXPECT_TRUE(peer.at_end());
  }});
  write("client-text.txt", "hello");
  const Finished finished = quoit({"put", "client-text.txt", server.url("/in/")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.err, "stored client-text.txt (5 bytes) at " +
                              server.url("/in/client-text.txt") + ": 201 Created\n");
  EXPECT_EQ(received.rfind("PUT /in/client-text.txt HTTP/1.1\r\n", 0), 0U) << received;
  EXPECT_NE(received.find("Content-Length: 5\r\n"), std::string::npos) << received;
  EXPECT_EQ(received.find("Expect"), std::string::npos) << "a small body does not ask";
  EXPECT_EQ(received.substr(received.size() - 9), "\r\n\r\nhello");
}

TEST_F(Put, WorksInTheOriginalForm) {
  std::string received;
  ScriptedServer server({[&](Peer& peer) {
    received = peer.read_head();
    received += peer.read_bytes(5);
    peer.send("HTTP/1.0 201 Created\r\n\r\n");
    peer.finish_sending();
  }});
  write("client-text.txt", "hello");
  const Finished finished =
      quoit({"127.0.0.1", std::to_string(server.port()), "PUT", "/client-text.txt"});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(received.rfind("PUT /client-text.txt HTTP/1.1\r\n", 0), 0U) << received;
  EXPECT_NE(finished.err.find("stored client-text.txt (5 bytes)"), std::string::npos);
}

TEST_F(Put, SendsConditionsAndTheTimeOfTheFile) {
  const ScriptedServer server({[](Peer& peer) {
                                 const std::string head = peer.read_head();
                                 EXPECT_NE(head.find("If-None-Match: *\r\n"), head.npos) << head;
                                 EXPECT_NE(head.find("X-OC-MTime: 784111777\r\n"), head.npos);
                                 peer.read_bytes(5);
                                 peer.send(response("412 Precondition Failed"));
                               },
                               [](Peer& peer) {
                                 const std::string head = peer.read_head();
                                 EXPECT_NE(head.find("If-Match: \"t\"\r\n"), head.npos) << head;
                                 EXPECT_EQ(head.find("X-OC-MTime"), head.npos) << head;
                                 peer.read_bytes(5);
                                 peer.send(created);
                               }});
  write("a", "hello");
  const std::array<timespec, 2> times = {timespec{.tv_sec = 784111777},
                                         timespec{.tv_sec = 784111777}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path("a").c_str(), times.data(), 0), 0);
  const Finished refused = quoit({"put", "-R", "--if-absent", "a", server.url("/a")});
  EXPECT_EQ(refused.status, 22);
  EXPECT_NE(refused.err.find("exists already"), std::string::npos) << refused.err;
  EXPECT_EQ(quoit({"put", "--if-match", "t", "a", server.url("/a")}).status, 0);
}

// The buffers of both sides take some megabytes at once, and then nothing.
TEST_F(Put, GivesUpWhereTheServerTakesTooLittle) {
  std::promise<void> ended;
  const std::future<void> end = ended.get_future();
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer);
    peer.read_head();
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    end.wait();
  }});
  write("a", much());
  const Finished finished =
      quoit({"put", "--speed-limit", "100K", "--speed-time", "0.3", "a", server.url("/a")});
  ended.set_value();
  EXPECT_EQ(finished.status, 28) << finished.err;
  EXPECT_NE(finished.err.find("was slower than 100.0 KiB/s for 0.3 s"), std::string::npos)
      << finished.err;
}

TEST_F(Put, SendsAnEmptyFile) {
  const ScriptedServer server({[](Peer& peer) {
    EXPECT_NE(peer.read_head().find("Content-Length: 0\r\n"), std::string::npos);
    peer.send(response("204 No Content"));
    EXPECT_TRUE(peer.at_end());
  }});
  write("empty", "");
  EXPECT_EQ(quoit({"put", "empty", server.url("/a")}).status, 0);
}

TEST_F(Put, SendsStandardInputInChunks) {
  std::string received;
  ScriptedServer server({[&](Peer& peer) {
    const std::string head = peer.read_head();
    EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << head;
    EXPECT_EQ(head.find("Content-Length"), std::string::npos) << head;
    received = peer.read_bytes(16) + "|";  // the first chunk is there before the second is typed
    received += peer.read_through("0\r\n\r\n");
    peer.send(created);
  }});
  Process process(line({"put", "-", server.url("/a")}), here({.keep_stdin_open = true}));
  process.write("hello world");
  while (process.running() && server.connections() == 0) std::this_thread::yield();
  process.close_stdin();
  EXPECT_EQ(process.wait(), 0) << process.err();
  server.finish();
  EXPECT_EQ(received, "b\r\nhello world\r\n|0\r\n\r\n");
  EXPECT_NE(process.err().find("stored standard input (11 bytes)"), std::string::npos);
}

TEST_F(Put, SetsNoTimeoutOnStandardInput) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_through("0\r\n\r\n");
    peer.send(created);
  }});
  Process process(line({"put", "-", server.url("/a"), "--idle-timeout", "0.1"}),
                  here({.keep_stdin_open = true}));
  EXPECT_EQ(process.wait(test_support::Timeout(400)), std::nullopt) << process.err();
  process.close_stdin();
  EXPECT_EQ(process.wait(), 0) << process.err();
}

TEST_F(Put, SendsEmptyInput) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    EXPECT_EQ(peer.read_bytes(5), "0\r\n\r\n");
    peer.send(created);
  }});
  EXPECT_EQ(quoit({"put", "-", server.url("/a")}).status, 0);
}

// The body of a request that asked first; nothing of it may come before the 100.
std::string body_after_continue(Peer& peer, std::size_t size) {
  answer_options(peer);
  const std::string head = peer.read_head();
  EXPECT_NE(head.find("Expect: 100-continue\r\n"), std::string::npos) << head;
  EXPECT_FALSE(peer.has_bytes(std::chrono::milliseconds(50)));
  peer.send("HTTP/1.1 100 Continue\r\n\r\n");
  return peer.read_bytes(size);
}

TEST_F(Put, AsksForPermissionBeforeALargeBody) {
  const std::string large = varied_bytes(20'000'001);
  const ScriptedServer server({[&](Peer& peer) {
    EXPECT_TRUE(body_after_continue(peer, large.size()) == large);
    peer.send(created);
  }});
  write("large", large);
  const Finished finished = quoit({"put", "large", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(Put, SendsALargeBodyWhereTheServerIgnoresExpect) {
  const std::string large = varied_bytes(2'000'000);
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer);
    peer.read_head();
    EXPECT_TRUE(peer.read_bytes(large.size()) == large);
    peer.send("HTTP/1.1 100 Continue\r\n\r\n" + created);  // late, and passed over
  }});
  write("large", large);
  const Finished finished = quoit({"put", "large", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(Put, SendsNoBodyThatWasRefused) {
  const ScriptedServer server({[](Peer& peer) {
    answer_options(peer);
    peer.read_head();
    peer.send(response("413 Content Too Large"));
    EXPECT_TRUE(peer.at_end()) << "no byte of the body";
  }});
  write("large", std::string(2'000'000, 'x'));
  const Finished finished = quoit({"put", "large", server.url("/a")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("413 Content Too Large; the file is larger"), std::string::npos);
}

TEST_F(Put, ReadsARefusalWhileTheServerTakesNothing) {
  std::promise<void> over;
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer);
    peer.read_head();
    peer.send(response("507 Insufficient Storage"));
    over.get_future().wait();  // reads nothing: the body is stuck
  }});
  write("large", much());
  const Finished finished = quoit({"put", "large", server.url("/a"), "-H", "Expect:"});
  over.set_value();
  EXPECT_EQ(finished.status, 22) << finished.err;
  EXPECT_NE(finished.err.find("507 Insufficient Storage"), std::string::npos) << finished.err;
}

TEST_F(Put, ReadsARefusalThatAResetFollows) {
  const ScriptedServer server({[](Peer& peer) {
    answer_options(peer);
    peer.read_head();
    peer.read_bytes(100'000);
    peer.send(response("413 Content Too Large"));
    peer.close();  // with bytes unread, which makes it a reset
  }});
  write("large", much());
  const Finished finished = quoit({"put", "large", server.url("/a"), "-H", "Expect:"});
  EXPECT_EQ(finished.status, 22) << finished.err;
}

TEST_F(Put, ReadsARefusalWhileItWaitsForInput) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.send(response("401 Unauthorized"));
    peer.at_end();
  }});
  Process process(line({"put", "-", server.url("/a")}), here({.keep_stdin_open = true}));
  EXPECT_EQ(process.wait(), 22) << process.err();
}

TEST_F(Put, FailsWhereTheConnectionBreaksWhileSending) {
  const ScriptedServer server({[](Peer& peer) {
    answer_options(peer);
    peer.read_head();
    peer.reset();
  }});
  write("large", much());
  const Finished finished = quoit({"put", "large", server.url("/a"), "-H", "Expect:"});
  EXPECT_TRUE(finished.status == 55 || finished.status == 56) << finished.err;
}

// --- The cause of a failure, and not its consequence ---

TEST_F(Put, TimesOutWhereTheServerReadsNothing) {
  for (const char* file : {"large", "-"}) {
    std::promise<void> over;
    const ScriptedServer server({[&, file](Peer& peer) {
      if (file[0] != '-') answer_options(peer);
      peer.read_head();
      over.get_future().wait();
    }});
    write("large", much());
    const Finished finished =
        quoit({"put", file, server.url("/a"), "--idle-timeout", "0.3", "-H", "Expect:"},
              {.input = file[0] == '-' ? much() : ""});
    over.set_value();
    EXPECT_EQ(finished.status, 28) << finished.err;
    EXPECT_NE(finished.err.find("no bytes moved"), std::string::npos) << finished.err;
    EXPECT_NE(finished.err.find("--idle-timeout"), std::string::npos) << finished.err;
  }
}

TEST_F(Put, FailsOnAFloodOfInterimResponses) {
  for (const char* expect : {"Expect:", "X: y"}) {
    const ScriptedServer server({[](Peer& peer) {
      answer_options(peer);
      peer.read_head();
      const std::string flood = [] {
        std::string heads;
        while (heads.size() < 100'000) heads += "HTTP/1.1 102 Processing\r\n\r\n";
        return heads;
      }();
      while (peer.send(flood)) continue;
    }});
    write("large", much());
    const Finished finished = quoit({"put", "large", server.url("/a"), "-H", expect});
    EXPECT_EQ(finished.status, 8) << finished.err;
    EXPECT_NE(finished.err.find("interim responses without end"), std::string::npos)
        << finished.err;
  }
}

TEST_F(Put, SaysThatTheServerClosedAfterAnInterimResponse) {
  const ScriptedServer server({[](Peer& peer) {
                                 answer_options(peer);
                                 peer.read_head();
                                 peer.send("HTTP/1.1 100 Continue\r\n\r\n");
                                 peer.finish_sending();
                                 peer.read_to_end();
                               },
                               [](Peer& peer) {
                                 answer_options(peer);
                                 peer.read_head();
                                 peer.send("HTTP/1.1 100 Continue\r\n\r\n");
                                 peer.close();
                               }});
  write("large", much());
  const Finished finished = quoit({"put", "large", server.url("/a")});
  EXPECT_EQ(finished.status, 56) << finished.err;
  EXPECT_NE(
      finished.err.find("closed the connection after an interim response, before the final one"),
      std::string::npos)
      << finished.err;
  EXPECT_EQ(quoit({"put", "large", server.url("/a")}).status, 56);
}

TEST_F(Put, WaitsThroughManyInterimResponses) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.read_bytes(5);
    for (int i = 0; i < 100; ++i) peer.send("HTTP/1.1 102 Processing\r\n\r\n");
    peer.send(created);
  }});
  write("a", "hello");
  EXPECT_EQ(quoit({"put", "a", server.url("/a")}).status, 0);
}

TEST_F(Put, SendsTheRequestAgainWithoutExpectAfter417) {
  const std::string large = varied_bytes(2'000'000);
  const ScriptedServer server({[](Peer& peer) {
                                 answer_options(peer);
                                 EXPECT_NE(peer.read_head().find("Expect: 100-continue\r\n"),
                                           std::string::npos);
                                 peer.send(response("417 Expectation Failed"));
                                 peer.read_to_end();
                               },
                               [&](Peer& peer) {
                                 EXPECT_EQ(peer.read_head().find("Expect"), std::string::npos);
                                 EXPECT_TRUE(peer.read_bytes(large.size()) == large);
                                 peer.send(created);
                               }});
  write("large", large);
  const Finished finished = quoit({"put", "large", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(Put, SendsTheRequestAgainWhere417ComesDuringTheBody) {
  const std::string large = varied_bytes(2'000'000);
  const ScriptedServer server({[](Peer& peer) {
                                 answer_options(peer);
                                 peer.read_head();
                                 peer.read_bytes(300'000);  // sent after a second without a 100
                                 peer.send(response("417 Expectation Failed"));
                                 peer.read_to_end();
                               },
                               [&](Peer& peer) {
                                 peer.read_head();
                                 EXPECT_TRUE(peer.read_bytes(large.size()) == large);
                                 peer.send(created);
                               }});
  write("large", large);
  EXPECT_EQ(quoit({"put", "large", server.url("/a")}).status, 0);
}

TEST_F(Put, FailsOn417WhereItIsNotTheCause) {
  const auto failed = [](Peer& peer) {
    peer.read_head();
    peer.send(response("417 Expectation Failed"));
    peer.read_to_end();
  };
  const auto failed_large = [failed](Peer& peer) {
    answer_options(peer);
    failed(peer);
  };
  const ScriptedServer server({failed, failed_large, failed_large});
  write("small", "hello");
  write("large", std::string(2'000'000, 'x'));
  EXPECT_EQ(quoit({"put", "small", server.url("/a")}).status, 22);
  EXPECT_EQ(quoit({"put", "large", server.url("/a"), "-H", "Expect: 100-continue"}).status, 22);
  EXPECT_EQ(server.connections(), 2U) << "no request without an expectation of quoit's is repeated";
}

// --- Files whose size is not what the system says ---

TEST_F(Put, SendsAFileOfProcToItsEnd) {
  std::string received;
  ScriptedServer server({[&](Peer& peer) {
    received = peer.read_through("\r\n\r\n");
    const std::size_t at = received.find("Content-Length: ");
    const std::size_t length = std::stoul(received.substr(at + 16));
    received = peer.read_bytes(length);
    peer.send(created);
  }});
  const Finished finished = quoit({"put", "/proc/version", server.url("/a")});
  server.finish();
  EXPECT_EQ(finished.status, 0) << finished.err;
  std::ifstream version("/proc/version");
  std::string expected;
  std::getline(version, expected);
  EXPECT_EQ(received, expected + "\n");
}

TEST_F(Put, TakesNoEarlySuccessForAConfirmation) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.send(response("200 OK"));
    peer.at_end();
  }});
  Process process(line({"put", "-", server.url("/a")}), here({.keep_stdin_open = true}));
  EXPECT_EQ(process.wait(), 8) << process.err();
}

TEST_F(Put, NoticesAFileThatBecomesShorter) {
  write("large", std::string(2'000'000, 'x'));
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer);
    peer.read_head();
    std::filesystem::resize_file(path("large"), 1'500'000);
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(peer.read_to_end().size(), 1'500'000U) << "the end shows that it is not whole";
  }});
  const Finished finished = quoit({"put", "large", server.url("/a")});
  EXPECT_EQ(finished.status, 26) << finished.err;
  EXPECT_NE(finished.err.find("became shorter"), std::string::npos) << finished.err;
}

TEST_F(Put, SaysWhyItCannotRead) {
  const Finished missing = quoit({"put", "missing", "http://127.0.0.1:1/"});
  EXPECT_EQ(missing.status, 26);
  EXPECT_EQ(missing.err, "quoit: cannot read missing: no such file or directory; check the path\n");
  const Finished directory = quoit({"put", ".", "http://127.0.0.1:1/a"});
  EXPECT_EQ(directory.status, 26);
  EXPECT_NE(directory.err.find("is a directory"), std::string::npos) << directory.err;
}

TEST_F(Put, SaysWhereARedirectLeads) {
  const ScriptedServer server({[](Peer& peer) {
    peer.read_head();
    peer.read_bytes(5);
    peer.send(response("307 Temporary Redirect", "", "Location: http://other/a\r\n"));
  }});
  write("a", "hello");
  const Finished finished = quoit({"put", "a", server.url("/a")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("give this URL instead: http://other/a"), std::string::npos)
      << finished.err;
}

}  // namespace
}  // namespace client
