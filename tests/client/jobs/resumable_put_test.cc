// Uploads that break off and go on, end to end: the real program against a server that takes
// resumable uploads, and cuts, forgets and refuses.
#include <atomic>
#include <fcntl.h>
#include <mutex>
#include <signal.h>
#include <sys/stat.h>

#include "apps/client/command/resumption.h"
#include "tests/client/program.h"
#include "tests/support/eventually.h"

namespace client {
namespace {

using Script = ScriptedServer::Script;

constexpr std::size_t size = 2'000'000;
static_assert(size > least_resumable_bytes);
const std::string& file() {
  static const std::string bytes = varied_bytes(size);
  return bytes;
}

const std::string limits = "Upload-Limit: min-size=0, max-age=86400\r\n";
const std::string begun = response(
    "201 Created", "", "Location: /u\r\nUpload-Complete: ?0\r\nUpload-Offset: 0\r\n" + limits);
const std::string stored = response("201 Created", "", "ETag: \"t\"\r\nUpload-Complete: ?1\r\n");

std::string at_offset(std::size_t offset) {
  return "HTTP/1.1 204 No Content\r\nUpload-Complete: ?0\r\nUpload-Offset: " +
         std::to_string(offset) + "\r\n\r\n";
}

bool has(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

class ResumablePut : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    write("big", file());
  }

  // Reads a request, whose request line begins so, and keeps its head.
  std::string read(Peer& peer, const std::string& method, const std::string& path) {
    const std::string head = peer.read_head();
    EXPECT_EQ(head.rfind(method + " " + path + " HTTP/1.1\r\n", 0), 0U) << head;
    return head;
  }
  // The announcement, and the first request.
  void begin(Peer& peer) {
    answer_options(peer, limits);
    const std::string head = read(peer, "PUT", "/a");
    EXPECT_TRUE(has(head, "Upload-Complete: ?0")) << head;
    EXPECT_TRUE(has(head, "Upload-Length: " + std::to_string(size))) << head;
    EXPECT_TRUE(has(head, "Content-Length: 0")) << head;
    EXPECT_EQ(head.find("Expect"), std::string::npos) << head;
    peer.send(begun);
  }
  // The head of a part, which begins at that offset.
  std::string read_part(Peer& peer, std::size_t offset, std::size_t end = size) {
    std::string head = read(peer, "PATCH", "/u");
    EXPECT_TRUE(has(head, "Upload-Offset: " + std::to_string(offset))) << head;
    EXPECT_TRUE(has(head, "Content-Length: " + std::to_string(end - offset))) << head;
    EXPECT_TRUE(has(head, end == size ? "Upload-Complete: ?1" : "Upload-Complete: ?0")) << head;
    EXPECT_TRUE(has(head, "Content-Type: application/partial-upload")) << head;
    return head;
  }
  // Takes `count` bytes of a part that begins at `offset`, and breaks the connection.
  Script begins_and_breaks(std::size_t count) {
    return [this, count](Peer& peer) {
      begin(peer);
      read_part(peer, 0);
      EXPECT_TRUE(peer.read_bytes(count) == file().substr(0, count));
    };
  }
  // Says the offset, and takes the rest.
  Script takes_rest(std::size_t offset, std::string answer = stored) {
    return [this, offset, answer = std::move(answer)](Peer& peer) {
      read(peer, "HEAD", "/u");
      peer.send(at_offset(offset));
      read_part(peer, offset);
      EXPECT_TRUE(peer.read_bytes(size - offset) == file().substr(offset));
      peer.send(answer);
    };
  }
  // Changes the time of the file, in Unix seconds.
  void set_time(std::time_t time) const {
    const std::array<timespec, 2> times = {timespec{.tv_sec = time}, timespec{.tv_sec = time}};
    EXPECT_EQ(::utimensat(AT_FDCWD, path("big").c_str(), times.data(), 0), 0);
  }
  std::size_t records() const {
    if (!std::filesystem::exists(state_directory() / "quoit")) return 0;
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(state_directory() / "quoit")) {
      ++count;
    }
    return count;
  }
};

TEST_F(ResumablePut, SendsALargeFileToAServerThatAnnouncesIt) {
  const ScriptedServer server({[&](Peer& peer) {
    begin(peer);
    read_part(peer, 0);
    EXPECT_TRUE(peer.read_bytes(size) == file());
    peer.send(stored);
  }});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.err, "stored big (2000000 bytes) at " + server.url("/a") + ": 201 Created\n");
  EXPECT_EQ(records(), 0U);
}

TEST_F(ResumablePut, GoesOnByItselfAfterABreak) {
  const ScriptedServer server({begins_and_breaks(700'000), takes_rest(600'000)});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.err.find("; going on there\n"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("stored big (2000000 bytes) at "), std::string::npos) << finished.err;
  EXPECT_EQ(records(), 0U);
}

TEST_F(ResumablePut, GoesOnInTheNextRun) {
  const auto lost = [this](Peer& peer) {
    read(peer, "HEAD", "/u");
    peer.close();
  };
  const ScriptedServer server({begins_and_breaks(700'000), lost, takes_rest(700'000)});
  const Finished first = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(first.status, 52) << first.err;
  EXPECT_NE(first.err.find("; the server keeps what it has of " + server.url("/a") +
                           ", and the same command goes on there\n"),
            std::string::npos)
      << first.err;
  EXPECT_EQ(records(), 1U);
  const Finished second = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.err, "stored big (2000000 bytes, 700000 of them before) at " + server.url("/a") +
                            ": 201 Created\n");
  EXPECT_EQ(records(), 0U);
}

TEST_F(ResumablePut, GoesOnAfterASignal) {
  std::atomic<bool> has_begun = false;
  const auto stalls = [&](Peer& peer) {
    begin(peer);
    read_part(peer, 0);
    peer.read_bytes(500'000);
    has_begun = true;
    peer.read_to_end();
  };
  const ScriptedServer server({stalls, takes_rest(500'000)});
  Process process(line({"put", "big", server.url("/a")}), here());
  ASSERT_TRUE(test_support::eventually([&] { return has_begun.load(); }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130) << process.err();
  EXPECT_NE(process.err().find("interrupted by SIGINT; the server keeps what it has of "),
            std::string::npos)
      << process.err();
  EXPECT_EQ(quoit({"put", "big", server.url("/a")}).status, 0);
}

TEST_F(ResumablePut, TriesAgainAsRetryAllows) {
  const auto busy = [this](Peer& peer) {
    read(peer, "HEAD", "/u");
    peer.send("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\n\r\n");
  };
  const ScriptedServer server({begins_and_breaks(700'000), busy, busy, takes_rest(700'000)});
  const Finished finished = quoit({"put", "big", server.url("/a"), "--if-absent", "--retry", "2"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.err.find("(2 of 2)"), std::string::npos) << finished.err;
}

TEST_F(ResumablePut, CountsTriesAnewWhenBytesHaveComeToStay) {
  const auto goes_further = [this](std::size_t offset) {
    return [this, offset](Peer& peer) {
      read(peer, "HEAD", "/u");
      peer.send(at_offset(offset));
      read_part(peer, offset);
      peer.send("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
      peer.read_to_end();
    };
  };
  const ScriptedServer server({begins_and_breaks(100'000), goes_further(100'000),
                               goes_further(200'000), goes_further(300'000), takes_rest(400'000)});
  const Finished finished = quoit({"put", "big", server.url("/a"), "--retry", "1"});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(ResumablePut, GivesUpWhereNothingThatIsSentArrives) {
  const auto takes_nothing = [this](Peer& peer) {
    read(peer, "HEAD", "/u");
    peer.send(at_offset(0));
    peer.at_end();
  };
  const ScriptedServer server({begins_and_breaks(700'000), takes_nothing});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_TRUE(finished.status == 52 || finished.status == 55 || finished.status == 56)
      << finished.err;
  EXPECT_EQ(server.connections(), 2U);
  EXPECT_EQ(records(), 1U);
}

// --- The server has lost it, or has another one ---

TEST_F(ResumablePut, BeginsAnewWhereTheServerHasLostTheUpload) {
  for (const char* const lost :
       {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nUpload-Offset: 5\r\nUpload-Length: 7\r\n\r\n"}) {
    const ScriptedServer server({begins_and_breaks(700'000), [&](Peer& peer) {
                                   read(peer, "HEAD", "/u");
                                   peer.send(lost);
                                   const std::string head = read(peer, "PUT", "/a");
                                   EXPECT_TRUE(has(head, "Upload-Complete: ?0")) << head;
                                   peer.send(begun);
                                   read_part(peer, 0);
                                   EXPECT_TRUE(peer.read_bytes(size) == file());
                                   peer.send(stored);
                                 }});
    const Finished finished = quoit({"put", "big", server.url("/a")});
    EXPECT_EQ(finished.status, 0) << finished.err;
    EXPECT_NE(finished.err.find("has lost what it had of " + server.url("/a") + "; beginning anew"),
              std::string::npos)
        << finished.err;
  }
}

TEST_F(ResumablePut, EndsWhereTheServerLosesItAgainAndAgain) {
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer, limits);
    for (int i = 0; i < 4; ++i) {
      read(peer, "PUT", "/a");
      peer.send(begun);
      read_part(peer, 0);
      peer.read_bytes(size);
      peer.send(response("404 Not Found"));
    }
  }});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 8) << finished.err;
  EXPECT_NE(finished.err.find("loses the upload again and again"), std::string::npos)
      << finished.err;
}

TEST_F(ResumablePut, FindsOutThatTheServerHasStoredTheFile) {
  const auto lost_answer = [this](Peer& peer) {
    begin(peer);
    read_part(peer, 0);
    peer.read_bytes(size);
  };
  const auto repeats = [this](Peer& peer) {
    read(peer, "HEAD", "/u");
    peer.send("HTTP/1.1 204 No Content\r\nUpload-Complete: ?1\r\nUpload-Offset: 2000000\r\n\r\n");
    read_part(peer, size);
    peer.send(stored);
  };
  const ScriptedServer server({lost_answer, repeats});
  const Finished finished = quoit({"put", "big", server.url("/a"), "--if-absent"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.err.find("stored big (2000000 bytes) at "), std::string::npos) << finished.err;
}

// --- The source has changed ---

TEST_F(ResumablePut, BeginsAnewWhereTheFileHasChanged) {
  std::mutex mutex;
  std::vector<std::string> requests;
  const auto later = [&](Peer& peer) {
    for (const char* const answer :
         {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
      const std::string head = peer.read_head();
      const std::lock_guard<std::mutex> lock(mutex);
      requests.push_back(head.substr(0, head.find(" HTTP/")));
      peer.send(answer);
    }
    peer.read_head();
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(peer.read_bytes(size), std::string(size, 'n'));
    peer.send(response("201 Created"));
  };
  const auto lost = [this](Peer& peer) { read(peer, "HEAD", "/u"); };
  const ScriptedServer server({begins_and_breaks(700'000), lost, later});
  EXPECT_EQ(quoit({"put", "big", server.url("/a")}).status, 52);
  write("big", std::string(size, 'n'));
  EXPECT_EQ(quoit({"put", "big", server.url("/a")}).status, 0);
  EXPECT_EQ(requests, (std::vector<std::string>{"DELETE /u", "OPTIONS /a"}));
  EXPECT_EQ(records(), 0U);
}

TEST_F(ResumablePut, MixesNoTwoVersionsInOneRun) {
  const auto changes = [this](Peer& peer) {
    begin(peer);
    read_part(peer, 0);
    peer.read_bytes(700'000);
    set_time(784111777);
  };
  const auto ends = [this](Peer& peer) {
    read(peer, "HEAD", "/u");
    peer.send(at_offset(700'000));
    read(peer, "DELETE", "/u");
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  };
  const ScriptedServer server({changes, ends});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 26) << finished.err;
  EXPECT_NE(finished.err.find("big changed while it was sent; send it again\n"), std::string::npos)
      << finished.err;
  EXPECT_EQ(records(), 0U);
}

TEST_F(ResumablePut, GoesOnWithNoUploadUnderOtherConditions) {
  const auto lost = [this](Peer& peer) { read(peer, "HEAD", "/u"); };
  const auto anew = [this](Peer& peer) {
    read(peer, "DELETE", "/u");
    peer.send(response("404 Not Found"));
    begin(peer);
    read_part(peer, 0);
    peer.read_bytes(size);
    peer.send(stored);
  };
  const ScriptedServer server({begins_and_breaks(700'000), lost, anew});
  EXPECT_EQ(quoit({"put", "big", server.url("/a")}).status, 52);
  const Finished finished = quoit({"put", "big", server.url("/a"), "--if-absent"});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

// --- What is sent where ---

TEST_F(ResumablePut, SendsTheFieldsOfTheUserWithTheFirstRequestAlone) {
  const ScriptedServer server({[&](Peer& peer) {
    const std::string asked = read(peer, "OPTIONS", "/a");
    EXPECT_EQ(asked.find("If-None-Match"), std::string::npos) << asked;
    peer.send(response("204 No Content", "", limits));
    const std::string head = read(peer, "PUT", "/a");
    for (const char* const field :
         {"If-None-Match: *", "Content-Type: text/plain", "X-Other: 1", "X-OC-MTime: 784111777"}) {
      EXPECT_TRUE(has(head, field)) << head;
    }
    peer.send(begun);
    const std::string part = read_part(peer, 0);
    for (const char* const field : {"If-None-Match", "text/plain", "X-OC-MTime"}) {
      EXPECT_EQ(part.find(field), std::string::npos) << part;
    }
    EXPECT_TRUE(has(part, "X-Other: 1")) << part;
    peer.read_bytes(size);
    peer.send(stored);
  }});
  set_time(784111777);
  const Finished finished = quoit({"put", "-R", "--if-absent", "-H", "Content-Type: text/plain",
                                   "-H", "X-Other: 1", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(ResumablePut, SendsPartsThatTheServerTakes) {
  const std::string small_limits = "Upload-Limit: max-append-size=800000\r\n";
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer, small_limits);
    read(peer, "PUT", "/a");
    peer.send(begun);
    for (std::size_t offset = 0; offset < size; offset += 800'000) {
      const std::size_t end = std::min(size, offset + 800'000);
      read_part(peer, offset, end);
      EXPECT_TRUE(peer.read_bytes(end - offset) == file().substr(offset, end - offset));
      peer.send(end == size ? stored : at_offset(end));
    }
  }});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(ResumablePut, SendsCredentialsToNoOtherServer) {
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer, limits);
    const std::string head = read(peer, "PUT", "/a");
    EXPECT_TRUE(has(head, "Authorization: Basic YWxpY2U6cw==")) << head;
    peer.send(response("201 Created", "", "Location: http://127.0.0.1:1/u\r\n"));
    const std::string whole = read(peer, "PUT", "/a");
    EXPECT_EQ(whole.find("Upload-"), std::string::npos) << whole;
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_TRUE(peer.read_bytes(size) == file());
    peer.send(response("201 Created"));
  }});
  const Finished finished = quoit({"put", "-u", "alice:s", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(ResumablePut, AsksAServerOnceInARun) {
  write("other", file());
  const ScriptedServer server({[&](Peer& peer) {
                                 answer_options(peer);
                                 read(peer, "PUT", "/big");
                                 peer.send("HTTP/1.1 100 Continue\r\n\r\n");
                                 peer.read_bytes(size);
                                 peer.send(response("201 Created"));
                               },
                               [&](Peer& peer) {
                                 read(peer, "PUT", "/other");
                                 peer.send("HTTP/1.1 100 Continue\r\n\r\n");
                                 peer.read_bytes(size);
                                 peer.send(response("201 Created"));
                               }});
  const Finished finished = quoit({"put", "big", "other", server.url("/")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(ResumablePut, LeavesSmallFilesAndOwnWaysAlone) {
  write("small", std::string(least_resumable_bytes - 1, 'x'));
  const auto takes = [this](std::size_t count) {
    return [this, count](Peer& peer) {
      const std::string head = read(peer, "PUT", "/a");
      EXPECT_EQ(head.find("Upload-Length"), std::string::npos) << head;
      if (head.find("100-continue") != std::string::npos)
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
      peer.read_bytes(count);
      peer.send(response("201 Created"));
    };
  };
  const ScriptedServer server({takes(least_resumable_bytes - 1), takes(size), takes(size)});
  EXPECT_EQ(quoit({"put", "small", server.url("/a")}).status, 0);
  EXPECT_EQ(quoit({"put", "-H", "Content-Range: bytes 0-1999999/2000000", "big", server.url("/a")})
                .status,
            0);
  EXPECT_EQ(quoit({"put", "-H", "Upload-Complete: ?1", "big", server.url("/a")}).status, 0);
}

TEST_F(ResumablePut, SendsAUsualPutWhereTheServerDoesNotAnswerTheQuestion) {
  const auto takes_all = [this](Peer& peer) {
    read(peer, "PUT", "/a");
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_TRUE(peer.read_bytes(size) == file());
    peer.send(response("201 Created"));
  };
  for (const char* const answer :
       {"", "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /b\r\nConnection: close\r\nUpload-Limit: a=1\r\n\r\n"}) {
    const ScriptedServer server({[&, answer](Peer& peer) {
                                   read(peer, "OPTIONS", "/a");
                                   peer.send(answer);
                                 },
                                 takes_all});
    const Finished finished = quoit({"put", "big", server.url("/a")});
    EXPECT_EQ(finished.status, 0) << answer << finished.err;
  }
}

TEST_F(ResumablePut, SaysWhatTheServerSaysToAUsualPutWhereItRefusesToBegin) {
  const ScriptedServer server({[&](Peer& peer) {
    answer_options(peer, limits);
    read(peer, "PUT", "/a");
    peer.send(response("412 Precondition Failed"));
    const std::string head = read(peer, "PUT", "/a");
    EXPECT_EQ(head.find("Upload-"), std::string::npos) << head;
    peer.send(response("412 Precondition Failed"));
    peer.read_to_end();
  }});
  const Finished finished = quoit({"put", "--if-absent", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("412 Precondition Failed; the file on the server"), std::string::npos)
      << finished.err;
  EXPECT_EQ(records(), 0U);
}

// --- Refusals of a part ---

TEST_F(ResumablePut, EndsWithTheResponseOfTheFile) {
  const ScriptedServer server({[&](Peer& peer) {
    begin(peer);
    read_part(peer, 0);
    peer.read_bytes(size);
    peer.send(response("412 Precondition Failed", "", "Upload-Complete: ?1\r\n"));
  }});
  const Finished finished = quoit({"put", "--if-absent", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 22);
  EXPECT_NE(finished.err.find("412 Precondition Failed"), std::string::npos) << finished.err;
  EXPECT_EQ(records(), 0U) << "there is nothing to go on with";
}

TEST_F(ResumablePut, KeepsAnUploadForWhichTheServerHasNoSpace) {
  const ScriptedServer server({[&](Peer& peer) {
                                 begin(peer);
                                 read_part(peer, 0);
                                 peer.read_bytes(900'000);
                                 peer.send(response("507 Insufficient Storage", "",
                                                    "Upload-Complete: ?0\r\n"
                                                    "Upload-Offset: 800000\r\n"));
                                 peer.read_to_end();
                               },
                               takes_rest(800'000)});
  const Finished first = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(first.status, 22) << first.err;
  EXPECT_NE(first.err.find("no space left; the server keeps what it has"), std::string::npos)
      << first.err;
  EXPECT_EQ(quoit({"put", "big", server.url("/a")}).status, 0);
}

TEST_F(ResumablePut, GoesOnWhereTheServerIsAtAnotherOffset) {
  const ScriptedServer server({[&](Peer& peer) {
                                 begin(peer);
                                 read_part(peer, 0);
                                 peer.read_bytes(300'000);
                                 peer.send(response("409 Conflict", "",
                                                    "Upload-Complete: ?0\r\n"
                                                    "Upload-Offset: 1000000\r\n"));
                                 peer.read_to_end();
                               },
                               takes_rest(1'000'000)});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 0) << finished.err;
}

TEST_F(ResumablePut, EndsWhereTheOffsetNeverGrows) {
  const ScriptedServer server({[&](Peer& peer) {
    begin(peer);
    for (int i = 0; i < 10; ++i) {
      if (peer.read_head().empty()) return;
      peer.read_bytes(size);
      peer.send(at_offset(0));
    }
  }});
  const Finished finished = quoit({"put", "big", server.url("/a")});
  EXPECT_EQ(finished.status, 8) << finished.err;
  EXPECT_NE(finished.err.find("the server's offset does not grow"), std::string::npos)
      << finished.err;
}

}  // namespace
}  // namespace client
