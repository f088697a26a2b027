// A lack of memory costs the client that causes it, and nothing else.
//
// Each allocation that the server makes during a scripted exchange fails once, and in further runs
// that allocation and all later ones. Afterwards memory is there again: the server answers another
// client, nothing has leaked, and no temporary file is left.
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/failing_allocations.h"
#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using lab::pattern;

// What one client sends, piece by piece; the server handles each piece before the next one.
struct Script {
  const char* name;
  std::vector<std::string> pieces;
  lab::Where where = lab::Where::on_disk;
  std::size_t receive_bound = 0;  // the most bytes of a receive; 0: any
  bool has_logs = false;
  bool is_precompressed = false;
};

std::string put(std::string_view target, std::string_view body, std::string_view fields = {}) {
  return head_of("PUT", target,
                 "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields)) +
         std::string(body);
}

std::vector<Script> scripts() {
  const std::string get = head_of("GET", "/folder/file");
  const std::string large = pattern(300'000);
  const std::string chunked = head_of("PUT", "/new", "Transfer-Encoding: chunked\r\n");
  const std::string tagged = head_of("GET", "/folder/file", "If-None-Match: \"0-0\", *\r\n");
  const std::string lists = head_of("GET", "/many/") + head_of("GET", "/many/?json");
  const std::string missing = head_of("GET", "/none") + head_of("GET", "/folder/none/none");
  return {
      {.name = "cached", .pieces = {get, get, get}},
      {.name = "pipelined", .pieces = {get + missing + get + tagged + get}},
      {.name = "a head in pieces", .pieces = {get, get}, .receive_bound = 7},
      {.name = "a long head",
       .pieces = {head_of("GET", "/folder/file", "X: " + pattern(12'000) + "\r\n")}},
      {.name = "large",
       .pieces = {head_of("GET", "/large"), head_of("GET", "/large"),
                  head_of("GET", "/large", "Range: bytes=1-2,5-6\r\n")}},
      {.name = "listings", .pieces = {lists}},
      {.name = "archives",
       .pieces = {get + head_of("GET", "/folder/?tar"), head_of("GET", "/?zip")}},
      {.name = "an index and a redirect",
       .pieces = {head_of("GET", "/page/") + head_of("GET", "/page")}},
      {.name = "precompressed",
       .pieces = {head_of("GET", "/folder/file", "Accept-Encoding: gzip\r\n")},
       .is_precompressed = true},
      {.name = "an unwanted body",
       .pieces = {head_of("GET", "/folder/file", "Content-Length: 9\r\n") + "some", "bytes" + get}},
      {.name = "a malformed head", .pieces = {get + "\r\r"}},
      {.name = "logs", .pieces = {get, get + missing}, .has_logs = true},
      {.name = "short uploads", .pieces = {put("/new", "new") + get + put("/new", "newer")}},
      {.name = "short uploads in memory",
       .pieces = {put("/new", "new") + put("/a/b/new", "new") + get},
       .where = lab::Where::in_memory},
      {.name = "short uploads by name",
       .pieces = {put("/new", "new"), put("/new", "newer")},
       .where = lab::Where::in_memory_by_name},
      {.name = "empty uploads",
       .pieces = {head_of("PUT", "/new"), put("/new", "") + get, head_of("PUT", "/a/new")}},
      {.name = "a long upload", .pieces = {put("/folder/file", large), get}},
      {.name = "an upload in pieces",
       .pieces = {chunked, "3\r\nnew\r", "\n0\r\n\r\n" + get},
       .receive_bound = 5},
      {.name = "an expected upload",
       .pieces = {head_of("PUT", "/a/new", "Content-Length: 3\r\nExpect: 100-continue\r\n"),
                  "new"}},
      {.name = "a part of a file",
       .pieces = {put("/folder/file", "NEW", "Content-Range: bytes 4-6/*\r\n")}},
      {.name = "deletions",
       .pieces = {head_of("DELETE", "/folder/file") + head_of("DELETE", "/none")}},
      {.name = "deletions in memory",
       .pieces = {put("/new", "x") + head_of("DELETE", "/new") + head_of("DELETE", "/page/none")},
       .where = lab::Where::in_memory},
  };
}

// A worker whose allocations are counted while a script is played.
class Exchanges {
 public:
  explicit Exchanges(const Script& script) : script_(script) {
    root_.put("folder/file", "the old file");
    root_.put("folder/file.gz", "zipped");
    root_.put("page/index.html", "<p>");
    root_.put("large", pattern(300'000));
    for (int i = 0; i < 600; ++i) root_.put("many/" + std::to_string(i), "");
  }

  // Plays the script once, with that allocation failing, and returns how many there were.
  std::size_t play(std::size_t failure, bool all) {
    Claims claims;
    uring::Simulated engine;
    lab::Uncounted uncounted(engine);
    uring::Loop loop(uncounted);
    const auto generation = std::make_shared<Generation>();
    generation->cache_bytes = lab::default_cache_bytes;
    generation->logs_requests = generation->logs_heads = script_.has_logs;
    generation->logs_durations = script_.has_logs;
    generation->site.writable = true;
    generation->site.precompressed = script_.is_precompressed;
    finish_site(generation->site);
    AccessLog log((logs_ / "access").string(), LogFormat::json);
    AccessLog heads((logs_ / "heads").string(), LogFormat::combined);
    if (script_.has_logs) {
      EXPECT_EQ(log.open(), 0);
      EXPECT_EQ(heads.open(), 0);
    }
    const Shared shared{.claims = claims,
                        .generation = generation,
                        .root = root_.fd(),
                        .access_log = script_.has_logs ? &log : nullptr,
                        .head_log = script_.has_logs ? &heads : nullptr};
    WorkerState worker(shared, loop);
    worker.memory_device.reset();
    struct stat status {};
    EXPECT_EQ(::fstat(root_.fd(), &status), 0);
    if (script_.where != lab::Where::on_disk) worker.memory_device = status.st_dev;
    if (script_.where == lab::Where::in_memory_by_name) worker.links_files = false;
    lab::fail_allocation(failure, all);
    const int socket = engine.connected();
    engine.split_receives(script_.receive_bound);
    begin(worker, socket);
    for (const std::string& piece : script_.pieces) {
      engine.peer_sends(socket, piece);
      run(loop);
      root_.put("folder/other", piece);  // a change, which the file cache has to apply
    }
    engine.peer_finishes(socket);
    run(loop);
    lab::first_failure = 0;
    expect_answers(engine.peer_received(socket), failure);
    expect_another_is_served(engine, loop, worker);
    end(engine, loop, worker);
    return lab::allocations;
  }

 private:
  static void begin(WorkerState& worker, int socket) {
    lab::counting = true;
    Connection* const c = worker.admit(socket);
    if (c) start_serving(*c);
    lab::counting = false;
  }

  // Runs loop iterations until several in a row have no event.
  static void run(uring::Loop& loop) {
    lab::counting = true;
    int most = 100'000;
    for (int quiet = 0; quiet < 8 && most > 0; --most) quiet = loop.iterate(0) > 0 ? 0 : quiet + 1;
    lab::counting = false;
    EXPECT_GT(most, 0) << "it spins";
  }

  // Without a failure every response is as usual; with one, some may be 503, or be missing.
  void expect_answers(std::string_view received, std::size_t failure) const {
    for (const int status : lab::statuses_of(received)) {
      EXPECT_TRUE(failure > 0 || status != 503);
      EXPECT_NE(status, 500) << received;
    }
    EXPECT_TRUE(failure > 0 || !received.empty());
  }

  void expect_another_is_served(uring::Simulated& engine, uring::Loop& loop, WorkerState& worker) {
    root_.put("folder/file", "the old file");
    const int socket = engine.connected();
    engine.split_receives(0);
    Connection* const c = worker.admit(socket);
    ASSERT_NE(c, nullptr);
    EXPECT_TRUE(start_serving(*c));
    engine.peer_sends(socket, head_of("GET", "/folder/file"));
    engine.peer_finishes(socket);
    for (int i = 0; i < 64 && !engine.closed(socket); ++i) loop.iterate(0);
    const std::string_view received = engine.peer_received(socket);
    EXPECT_EQ(lab::statuses_of(received), std::vector<int>{200});
    EXPECT_TRUE(received.ends_with("the old file")) << received;
  }

  void end(uring::Simulated& engine, uring::Loop& loop, WorkerState& worker) {
    for (int i = 0; i < 100'000 && !worker.connections.empty(); ++i) loop.iterate(uring::forever);
    ASSERT_TRUE(worker.connections.empty()) << "a connection does not end";
    EXPECT_EQ(worker.live, 0U);
    EXPECT_EQ(worker.blocks.lent(), 0U);
    EXPECT_EQ(worker.listing_runs, 0U);
    EXPECT_EQ(loop.frames().live(), 0U);
    EXPECT_EQ(engine.buffers_in_use(), 0U);
    EXPECT_EQ(engine.open_files(), 0U);
    EXPECT_EQ(engine.open_sockets(), 0U);
    EXPECT_EQ(root_.temporaries(), 0U);
  }

  const Script& script_;
  lab::Folder root_;
  lab::Folder logs_;
};

class Memory : public ::testing::TestWithParam<Script> {};

TEST_P(Memory, that_is_short_costs_one_client_only) {
  Exchanges exchanges(GetParam());
  const std::size_t count = exchanges.play(0, false);
  EXPECT_GT(count, 1U);
  for (const bool all : {false, true}) {
    for (std::size_t failure = 1; failure <= count && !HasFatalFailure(); ++failure) {
      SCOPED_TRACE(std::to_string(failure) + (all ? " and all later ones" : ""));
      exchanges.play(failure, all);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scripts, Memory, ::testing::ValuesIn(scripts()), [](const auto& one) {
  std::string name = one.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

}  // namespace
}  // namespace server
