// Whole jobs in memory: the real coroutines over simulated sockets, cut at every byte.
#include "apps/client/net/exchange.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "apps/client/jobs/jobs.h"
#include "apps/client/session/interrupt.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"

namespace client {
namespace {

namespace fs = std::filesystem;

enum class End { none, finish, reset };

struct Outcome {
  ExitCode code = ExitCode::ok;
  std::string reason;
  std::string sent;        // bytes that the peer received
  std::size_t files = 0;   // in the directory, afterwards
  std::string content;     // of "out", if it is there
  bool connected = false;  // the connection was kept
};

uring::Task<> drive(Channel& channel, const Job& job, ExitCode& code) {
  if (job.verb == Verb::get) {
    const ExitCode done = co_await get(channel, job);
    code = done;
  } else {
    PutProgress progress;
    // The server has been asked, and takes no resumable uploads.
    channel.session.upload_limits.emplace(job.where.origin(), std::nullopt);
    const ExitCode done = co_await put(channel, job, progress);
    code = done;
  }
}

class Exchange : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "quoit-exchange-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string path(const char* name) const { return (directory_ / name).string(); }

  std::string content_of(const std::string& file) const {
    std::ifstream stream(file, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  Job get_job() const {
    Job job{.verb = Verb::get, .file = path("out")};
    EXPECT_FALSE(parse_url("http://peer/file", job.where));
    return job;
  }

  Job put_job(const std::string& content) const {
    std::ofstream(path("in"), std::ios::binary) << content;
    Job job{.verb = Verb::put, .file = path("in")};
    EXPECT_FALSE(parse_url("http://peer/file", job.where));
    return job;
  }

  // Does the job with a peer that sends `wire`, and then does `end`. The peer takes at most
  // `window` bytes.
  Outcome run(const Job& job, std::string_view wire, End end, std::size_t split = 0,
              std::size_t window = SIZE_MAX) {
    uring::Simulated engine;
    const int peer = engine.connected();
    engine.split_receives(split);
    engine.peer_takes(peer, window);
    engine.peer_sends(peer, wire);
    if (end == End::finish) engine.peer_finishes(peer);
    Outcome outcome;
    const Settings settings{.quiet = true};
    {
      uring::Loop loop(engine);
      uring::Scope scope(loop);
      Report report(settings);
      Session session(scope, settings, report);
      Channel channel(session);
      channel.fd = peer;
      channel.server = "peer:80";
      scope.spawn(drive(channel, job, outcome.code));
      // The reset must not overtake the bytes: a real one may, and get_test.cc has that.
      for (int turns = 0; end == End::reset && turns < 100 && !scope.empty(); ++turns)
        loop.iterate(0);
      if (end == End::reset) engine.peer_resets(peer);
      loop.run(scope);
      outcome.reason = channel.error.text;
      outcome.connected = channel.fd >= 0;
      disconnect(channel);
    }
    EXPECT_EQ(engine.open_sockets(), 0U);
    EXPECT_EQ(engine.open_files(), 0U);
    outcome.sent = engine.peer_received(peer);
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory_)) ++outcome.files;
    outcome.content = content_of(path("out"));
    return outcome;
  }

  fs::path directory_;
};

struct Response {
  const char* what;
  std::string head;
  std::string body;
  bool ends_by_close;
};

const std::vector<Response>& responses() {
  static const std::vector<Response> all = {
      {"by length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "hello", false},
      {"by chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nA: b\r\n\r\n", false},
      {"by close", "HTTP/1.0 200 OK\r\n\r\n", "hello", true},
      {"behind interim heads",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
       "hello", false},
  };
  return all;
}

TEST_F(Exchange, AcceptsAFieldThatIsFoldedOverLines) {
  const std::string wire =
      "HTTP/1.1 200 OK\r\nX-Long: one,\r\n\ttwo\r\nContent-Length:\r\n 5\r\n\r\nhello";
  for (const std::size_t split : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    const Outcome outcome = run(get_job(), wire, End::none, split);
    EXPECT_EQ(outcome.code, ExitCode::ok) << outcome.reason;
    EXPECT_EQ(outcome.content, "hello");
  }
}

TEST_F(Exchange, GetsTheFileAtEverySplit) {
  for (const Response& response : responses()) {
    const std::string wire = response.head + response.body;
    for (std::size_t split = 0; split <= wire.size(); ++split) {
      const Outcome outcome = run(get_job(), wire, End::finish, split);
      EXPECT_EQ(outcome.code, ExitCode::ok) << response.what << ": " << outcome.reason;
      EXPECT_EQ(outcome.content, "hello") << response.what;
      EXPECT_EQ(outcome.files, 1U) << response.what;
    }
  }
}

// The first byte is there in all of these: without it, the job would try a new connection.
TEST_F(Exchange, LeavesTheOldFileAloneWhereverTheResponseIsCut) {
  for (const Response& response : responses()) {
    const std::string wire = response.head + response.body;
    for (const End end : {End::finish, End::reset}) {
      for (std::size_t cut = 1; cut < wire.size(); ++cut) {
        std::ofstream(path("out"), std::ios::binary) << "old";
        const bool in_head = cut < response.head.size();
        const bool whole = response.ends_by_close && !in_head && end == End::finish;
        const Outcome outcome = run(get_job(), wire.substr(0, cut), end);
        const ExitCode expected = whole     ? ExitCode::ok
                                  : in_head ? ExitCode::receive_error
                                            : ExitCode::partial_file;
        EXPECT_EQ(outcome.code, expected)
            << response.what << ", cut at " << cut << ": " << outcome.reason;
        EXPECT_EQ(outcome.content,
                  whole ? response.body.substr(0, cut - response.head.size()) : "old");
        EXPECT_EQ(outcome.files, 1U) << response.what << ", cut at " << cut;
        EXPECT_FALSE(outcome.connected);
      }
    }
  }
}

TEST_F(Exchange, TimesOutWhereverTheResponseStops) {
  const std::string wire = responses()[1].head + responses()[1].body;
  for (std::size_t cut = 0; cut < wire.size(); ++cut) {
    const Outcome outcome = run(get_job(), wire.substr(0, cut), End::none);
    EXPECT_EQ(outcome.code, ExitCode::timeout) << "cut at " << cut << ": " << outcome.reason;
    EXPECT_EQ(outcome.files, 0U);
  }
}

TEST_F(Exchange, KeepsAConnectionOnlyWhenNothingIsLeftOnIt) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_TRUE(run(get_job(), answer, End::none).connected);
  EXPECT_FALSE(run(get_job(), answer + "HTTP/1.1 200 OK\r\n", End::none).connected);
  EXPECT_FALSE(
      run(get_job(), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", End::none)
          .connected);
}

TEST_F(Exchange, TakesNoEarlySuccessForAConfirmation) {
  const std::string content(600'000, 'x');
  const Outcome outcome =
      run(put_job(content), "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", End::none);
  // The response comes before the body has been sent, so it does not confirm the body.
  EXPECT_EQ(outcome.code, ExitCode::weird_reply) << outcome.reason;
}

TEST_F(Exchange, ReadsARefusalWhileTheBodyIsStuck) {
  const Outcome outcome =
      run(put_job(std::string(900'000, 'x')),
          "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n", End::none, 0, 1000);
  EXPECT_EQ(outcome.code, ExitCode::http_error) << outcome.reason;
  EXPECT_NE(outcome.reason.find("413 Content Too Large"), std::string::npos);
}

TEST_F(Exchange, GivesUpWhenTheBodyIsStuckForTooLong) {
  const Outcome outcome = run(put_job(std::string(900'000, 'x')), "", End::none, 0, 1000);
  EXPECT_EQ(outcome.code, ExitCode::timeout) << outcome.reason;
}

// A piece of the body takes longer than the timeout, though bytes move all the time.
TEST_F(Exchange, WaitsForASlowServerAsLongAsBytesMove) {
  const std::size_t size = 900'000;
  const Job job = put_job(std::string(size, 'x'));
  uring::Simulated engine;
  uring::Loop loop(engine);
  uring::Scope scope(loop);
  const Settings settings{.quiet = true};
  Report report(settings);
  Session session(scope, settings, report);
  Channel channel(session);
  channel.fd = engine.connected();
  channel.server = "peer:80";
  const int peer = channel.fd;
  ExitCode code = ExitCode::ok;
  engine.peer_takes(peer, 1000);
  scope.spawn(drive(channel, job, code));
  while (engine.peer_received(peer).size() < size) {
    engine.peer_takes(peer, 10'000);
    while (loop.iterate(0) > 0) continue;
    engine.advance_clock(settings.idle_timeout_ms / 2);
    while (loop.iterate(0) > 0) continue;
    ASSERT_FALSE(scope.empty()) << channel.error.text;
  }
  engine.peer_takes(peer, SIZE_MAX);
  while (loop.iterate(0) > 0) continue;
  engine.peer_sends(peer, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  loop.run(scope);
  EXPECT_EQ(code, ExitCode::ok) << channel.error.text;
}

TEST_F(Exchange, SendsNoBodyAfterARefusal) {
  const Outcome outcome =
      run(put_job(std::string(2'000'000, 'x')),
          "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n", End::none);
  EXPECT_EQ(outcome.code, ExitCode::http_error) << outcome.reason;
  EXPECT_NE(outcome.sent.find("Expect: 100-continue\r\n"), std::string::npos);
  EXPECT_EQ(outcome.sent.substr(outcome.sent.size() - 4), "\r\n\r\n");
}

// A signal that has been delivered, but that the loop has not received.
class Signalled {
 public:
  Signalled() { ::raise(SIGINT); }

 private:
  Interrupt interrupt_;
};

TEST_F(Exchange, PublishesNothingAfterASignal) {
  const Signalled signalled;
  for (const Response& response : responses()) {
    const Outcome outcome = run(get_job(), response.head + response.body, End::finish);
    EXPECT_EQ(outcome.code, ExitCode::interrupted) << response.what;
    EXPECT_EQ(outcome.files, 0U) << response.what;
  }
}

}  // namespace
}  // namespace client
