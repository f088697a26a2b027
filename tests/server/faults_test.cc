// Every single operation of a request fails, is shortened or is delayed, and the server stops at
// every loop iteration.
//
// Afterwards nothing has leaked, all tasks have ended, the target is either the whole old file or
// the whole new one and agrees with the response, and no temporary file is left.
#include <cerrno>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "parser/chunked.h"
#include "tests/server/writer.h"
#include "tests/support/sanitizer.h"

namespace server {
namespace {

using lab::head_of;
using lab::pattern;
using lab::World;
using test_support::sample_interval;
using uring::OpCode;
using FaultPlan = uring::Simulated::FaultPlan;

const std::string old_content = "the old file";

// The requests of one client, piece by piece, and the file that they are about.
struct Scenario {
  const char* name;
  std::vector<std::string> pieces;
  std::string target;       // relative to the root
  std::string new_content;  // of the target after the requests; old_content for reads
  bool exists = true;       // the target, with old_content, before
  std::size_t before = 0;   // responses before the one to the write
  Durability durability = Durability::none;
  lab::Where where = lab::Where::on_disk;
  std::uint64_t cache_bytes = lab::default_cache_bytes;
};

// Without a file cache, so that the engine opens and reads files.
Scenario without_cache(Scenario scenario) {
  scenario.cache_bytes = 0;
  return scenario;
}

std::vector<Scenario> reads() {
  const std::string get = head_of("GET", "/folder/file");
  std::vector<Scenario> all = {
      {"GET", {get}, "folder/file", old_content},
      {"GET in two pieces", {get.substr(0, 9), get.substr(9)}, "folder/file", old_content},
      {"three pipelined", {get + head_of("GET", "/none") + get}, "folder/file", old_content},
      {"index", {head_of("GET", "/folder/")}, "folder/file", old_content},
      {"listing", {head_of("GET", "/plain/?json") + get}, "folder/file", old_content},
      {"tar", {get + head_of("GET", "/folder/?tar")}, "folder/file", old_content},
      {"zip", {head_of("GET", "/?zip")}, "folder/file", old_content},
      {"large", {head_of("GET", "/large") + get}, "folder/file", old_content},
      {"unwanted body",
       {head_of("GET", "/folder/file", "Content-Length: 3\r\n") + "a", "bc" + get},
       "folder/file",
       old_content},
      {"bad", {get + "\r\r"}, "folder/file", old_content},
  };
  for (std::size_t i = 0, count = all.size(); i < count; ++i) all.push_back(without_cache(all[i]));
  return all;
}

std::vector<Scenario> writes_on_disk() {
  const std::string content = pattern(300'000);
  const auto sized = [](std::string_view target, const std::string& body, std::string_view more) {
    return head_of("PUT", target,
                   "Content-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more));
  };
  const std::string chunked = head_of("PUT", "/a/b/new", "Transfer-Encoding: chunked\r\n");
  const std::string get = head_of("GET", "/folder/file");
  return {
      {"replace", {sized("/folder/file", "new", "") + "new"}, "folder/file", "new"},
      {"create", {sized("/folder/new", "new", "") + "new"}, "folder/new", "new", false},
      {"large", {sized("/folder/file", content, ""), content}, "folder/file", content},
      {"chunked with parents and a follower",
       {get + chunked, "3\r\nnew\r", "\n0\r\n\r\n" + get},
       "a/b/new",
       "new",
       false,
       1},
      {"expected",
       {sized("/folder/file", "new", "Expect: 100-continue\r\n"), "new"},
       "folder/file",
       "new"},
      {"create only",
       {sized("/folder/new", "new", "If-None-Match: *\r\n") + "new"},
       "folder/new",
       "new",
       false},
      {"this version only",
       {sized("/folder/file", "new", "If-Match: *\r\n") + "new"},
       "folder/file",
       "new"},
      {"part of a file",
       {sized("/folder/file", "NEW", "Content-Range: bytes 4-6/*\r\n"), "NEW"},
       "folder/file",
       "the NEW file"},
      {"synced data",
       {sized("/folder/file", "new", "") + "new"},
       "folder/file",
       "new",
       true,
       0,
       Durability::data},
      {"synced with parents",
       {sized("/a/b/new", "new", "") + "new"},
       "a/b/new",
       "new",
       false,
       0,
       Durability::full},
  };
}

// All writes on disk; and in memory those that differ there, which arrive in one piece without a
// sync.
std::vector<Scenario> writes() {
  std::vector<Scenario> all = writes_on_disk();
  for (Scenario scenario : writes_on_disk()) {
    if (scenario.pieces.size() > 1 || scenario.durability != Durability::none) continue;
    scenario.where = lab::Where::in_memory;
    all.push_back(scenario);
    scenario.where = lab::Where::in_memory_by_name;
    all.push_back(scenario);
  }
  Scenario deep = writes_on_disk().back();
  deep.where = lab::Where::in_memory;
  all.push_back(deep);
  return all;
}

// The loop iterations after each piece of a scenario's request.
constexpr int iterations_of_piece = 40;

// A world with the files of a scenario, and its client.
class Play {
 public:
  explicit Play(const Scenario& scenario) : world(scenario.cache_bytes), scenario_(scenario) {
    world.site.writable = true;
    world.site.durability = scenario.durability;
    lay(world, scenario.where);
    world.root.put("folder/index.html", "<p>");
    world.root.put("large", pattern(BlockPool::large_bytes + 100));
    world.root.put("folder/file", old_content);
    world.root.put("plain/file", old_content);
    // An archive tells the times of directories, too, which are compared.
    for (const char* directory : {"folder", "plain"}) {
      world.root.set_time(directory, lab::old_seconds);
    }
  }

  // Plays the scenario to its end. `each_iteration` is called before each loop iteration.
  void run(const std::function<void(int iteration)>& each_iteration = {}) {
    socket = world.connect();
    int iteration = 0;
    for (const std::string& piece : scenario_.pieces) {
      if (world.engine.closed(socket)) break;
      world.engine.peer_sends(socket, piece);
      for (int i = 0; i < iterations_of_piece; ++i) {
        if (each_iteration) each_iteration(iteration++);
        world.loop.iterate(0);
      }
    }
    world.settle();
    world.engine.peer_finishes(socket);
    world.settle();
  }

  // Checks what must hold after any fault.
  void check() {
    world.end();
    const std::string content = world.root.get(scenario_.target);
    const bool is_new = content == scenario_.new_content;
    const bool is_old =
        scenario_.exists ? content == old_content : !world.root.has(scenario_.target);
    EXPECT_TRUE(is_new || is_old) << "half a file: " << content.size() << " bytes";
    const std::vector<int> statuses = lab::statuses_of(world.heard(socket));
    if (statuses.size() > scenario_.before) {
      const int status = statuses[scenario_.before];
      const bool is_unconfirmed = status == 500 && scenario_.durability == Durability::full;
      EXPECT_TRUE(status < 300 || (is_unconfirmed && is_new) ? is_new : is_old) << status;
    }
    EXPECT_EQ(world.root.temporaries(), 0U);
    for (const std::string& name : world.root.names()) EXPECT_TRUE(expected(name, is_new)) << name;
  }

  const lab::FoldersInMemory in_memory;  // before `world`
  World world;
  int socket = -1;
  bool parents_may_stay = false;  // the operation that removes them has failed as well

 private:
  bool expected(const std::string& name, bool is_new) const {
    static const std::set<std::string> known = {"folder", "folder/file", "folder/index.html",
                                                "large",  "plain",       "plain/file"};
    return known.contains(name) ||
           ((is_new || parents_may_stay) && scenario_.target.starts_with(name));
  }

  const Scenario scenario_;
};

std::string described(const Scenario& scenario) {
  constexpr std::array where = {"", " in memory", " in memory by name"};
  return std::string(scenario.name) + where.at(static_cast<std::size_t>(scenario.where)) +
         (scenario.cache_bytes == 0 ? " without cache" : "");
}

// The operations of a scenario.
std::vector<OpCode> operations(const Scenario& scenario) {
  Play play(scenario);
  play.run();
  play.check();
  std::vector<OpCode> all;
  for (std::uint64_t n = 1; n <= play.world.engine.started(); ++n) {
    all.push_back(play.world.engine.code_of(n));
  }
  return all;
}

void play_with(const Scenario& scenario, std::uint64_t number, FaultPlan fault) {
  SCOPED_TRACE(described(scenario) + ": operation " + std::to_string(number) + ", errno " +
               std::to_string(fault.error) + ", most " + std::to_string(fault.most) + ", delay " +
               std::to_string(fault.delay));
  Play play(scenario);
  play.world.engine.plan_fault(number, fault);
  play.run();
  play.check();
}

constexpr std::array errors = {EIO,          ENOMEM,  EMFILE, ENOSPC, ECONNRESET, ENOBUFS,
                               ECANCELED,    EINTR,   EAGAIN, EACCES, ENOENT,     EEXIST,
                               ENAMETOOLONG, ENOTDIR, EXDEV,  EPIPE};

// Leaves out errors that an operation never has: ENOENT, for instance, concerns names only.
bool can_happen(OpCode code, int error) {
  const bool names = code == OpCode::open || code == OpCode::rename || code == OpCode::unlink ||
                     code == OpCode::make_directory;
  const bool of_names = error == ENOENT || error == EEXIST || error == ENAMETOOLONG ||
                        error == ENOTDIR || error == EXDEV || error == EACCES;
  return names || !of_names;
}

void fail_each(const std::vector<Scenario>& scenarios) {
  std::size_t possible = 0;
  for (const Scenario& scenario : scenarios) {
    const std::vector<OpCode> all = operations(scenario);
    for (std::uint64_t n = 1; n <= all.size(); ++n) {
      for (const int error : errors) {
        if (!can_happen(all[n - 1], error) || possible++ % sample_interval != 0) continue;
        play_with(scenario, n, {.error = error});
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST(Faults, of_any_operation_of_a_read_leave_nothing_behind) { fail_each(reads()); }

TEST(Faults, of_any_operation_of_a_write_leave_the_old_file_or_the_new_one) { fail_each(writes()); }

TEST(Faults, of_two_operations_of_a_write_leave_the_old_file_or_the_new_one) {
  std::size_t pairs = 0;
  for (const Scenario& scenario : writes()) {
    const std::uint64_t count = operations(scenario).size();
    for (std::uint64_t first = 1; first <= count; ++first) {
      for (std::uint64_t second = first + 1; second <= count + 4; ++second) {
        if (pairs++ % sample_interval != 0) continue;
        SCOPED_TRACE(described(scenario) + ": operations " + std::to_string(first) + " and " +
                     std::to_string(second));
        Play play(scenario);
        play.parents_may_stay = true;
        play.world.engine.plan_fault(first, {.error = EIO});
        play.world.engine.plan_fault(second, {.error = EIO});
        play.run();
        const bool unlink_failed = play.world.engine.started() >= second &&
                                   play.world.engine.code_of(second) == OpCode::unlink;
        if (!unlink_failed) play.check();
        play.world.end();
      }
    }
  }
}

// Operations that complete in part or late.
TEST(Faults, that_shorten_or_delay_an_operation_change_no_answer) {
  std::vector<Scenario> all = reads();
  for (Scenario& scenario : writes()) all.push_back(std::move(scenario));
  for (const Scenario& scenario : all) {
    const std::vector<OpCode> codes = operations(scenario);
    for (std::uint64_t n = 1; n <= codes.size(); n += sample_interval) {
      for (const std::uint32_t delay : {1U, 2U, 3U}) play_with(scenario, n, {.delay = delay});
      // A send is short only when the peer is gone or out of time.
      const bool is_send = uring::sends(codes[n - 1]);
      if (!is_send) play_with(scenario, n, {.most = 1});
      Play play(scenario);
      play.world.engine.plan_fault(n, {.most = is_send ? 0U : 1U, .delay = 2});
      play.run();
      EXPECT_EQ(play.world.root.get(scenario.target), scenario.new_content) << scenario.name << n;
      play.world.end();
    }
  }
}

// The stream with bodies in chunks decoded, and "(end)" behind a whole one. The chunks of an
// archive end where a step has taken its time, so that they differ between runs.
std::string without_chunks(std::string_view stream) {
  const std::size_t field = stream.find("\r\nTransfer-Encoding: chunked\r\n");
  const std::size_t end = stream.find("\r\n\r\n", std::min(field, stream.size()));
  if (end == std::string_view::npos) return std::string(stream);
  std::string body(stream.substr(end + 4));
  http1::ChunkedDecoder decoder;
  const http1::ChunkedDecoder::Result result = decoder.decode(body.data(), body.size());
  std::string plain(stream.substr(0, end + 4));
  plain += body.substr(0, result.data);
  if (result.progress == http1::Progress::done) {
    plain += "(end)" + without_chunks(std::string_view(body).substr(result.used));
  }
  return plain;
}

// After a send that was cut short nothing is sent: the client would take it for the missing bytes.
TEST(Faults, that_cut_a_send_short_end_the_stream_there) {
  for (const Scenario& scenario : reads()) {
    Play whole(scenario);
    whole.run();
    whole.world.end();
    const std::string expected = without_chunks(whole.world.heard(whole.socket));
    for (std::uint64_t n = 1; n <= whole.world.engine.started(); ++n) {
      if (!uring::sends(whole.world.engine.code_of(n))) continue;
      Play play(scenario);
      play.world.engine.plan_fault(n, {.most = 1});
      play.run();
      play.check();
      // An archive may have taken more steps or fewer.
      const uring::Simulated& engine = play.world.engine;
      if (n > engine.started() || !uring::sends(engine.code_of(n))) continue;
      const std::string heard = without_chunks(play.world.heard(play.socket));
      EXPECT_TRUE(expected.starts_with(heard)) << scenario.name << ": operation " << n;
      EXPECT_LT(heard.size(), expected.size());
    }
  }
}

// A lack of descriptors, memory or space has its own status, which is not 404.
TEST(Faults, of_the_machine_have_their_own_status) {
  const auto status = [](const Scenario& scenario, std::uint64_t number, int error) {
    Play play(scenario);
    play.world.engine.plan_fault(number, {.error = error});
    play.run();
    play.world.end();
    return play.world.heard(play.socket).substr(9, 3);
  };
  const Scenario get = without_cache(reads().front());
  EXPECT_EQ(status(get, 2, EMFILE), "503");
  EXPECT_EQ(status(get, 2, ENFILE), "503");
  EXPECT_EQ(status(get, 2, ENOMEM), "503");
  EXPECT_EQ(status(get, 2, EIO), "503");
  EXPECT_EQ(status(get, 2, EACCES), "403");
  const Scenario put = writes().front();  // recv, stat, directory, temporary, write, stat, rename
  EXPECT_EQ(status(put, 2, EMFILE), "503");
  EXPECT_EQ(status(put, 3, ENOMEM), "503");
  EXPECT_EQ(status(put, 4, EMFILE), "503");
  EXPECT_EQ(status(put, 4, EROFS), "403");
  EXPECT_EQ(status(put, 4, ENOSPC), "507");
  EXPECT_EQ(status(put, 5, ENOSPC), "204") << "space is looked for again";
  EXPECT_EQ(status(put, 5, EDQUOT), "204");
  EXPECT_EQ(status(put, 5, EFBIG), "413");
  EXPECT_EQ(status(put, 6, EMFILE), "503");
  EXPECT_EQ(status(put, 7, ENOSPC), "507");
}

TEST(Faults, of_the_machine_are_never_reported_as_not_found) {
  Scenario missing = without_cache(reads().front());
  missing.pieces = {head_of("GET", "/none")};
  Play play(missing);
  play.world.engine.plan_fault(3, {.error = EMFILE});  // opening 404.html
  play.run();
  play.world.end();
  EXPECT_EQ(play.world.heard(play.socket).substr(9, 3), "503");

  Play fallback(missing);
  fallback.world.site.fallback = "folder/index.html";
  fallback.world.engine.plan_fault(3, {.error = EMFILE});
  fallback.run();
  fallback.world.end();
  EXPECT_EQ(fallback.world.heard(fallback.socket).substr(9, 3), "503");
}

TEST(Faults, of_the_first_read_are_reported) {
  Play play(without_cache(reads().front()));
  play.world.engine.plan_fault(3, {.error = ENOMEM});
  play.run();
  play.world.end();
  EXPECT_TRUE(play.world.heard(play.socket).starts_with("HTTP/1.1 503 "));
}

// A write that fails after it has made parent directories removes them.
TEST(Faults, of_a_rename_leave_no_parents) {
  const Scenario scenario = writes()[3];
  const std::vector<OpCode> all = operations(scenario);
  const auto rename = std::find(all.begin(), all.end(), OpCode::rename) - all.begin() + 1;
  Play play(scenario);
  play.world.engine.plan_fault(static_cast<std::uint64_t>(rename), {.error = ENOSPC});
  play.run();
  play.check();
  EXPECT_FALSE(play.world.root.has("a"));
}

// --- Stops ---

// Stops or drains the worker at each loop iteration of each scenario, in a run of its own.
void interfere(const std::vector<Scenario>& scenarios, bool drains_only) {
  for (const Scenario& scenario : scenarios) {
    for (const std::uint32_t delay : {0U, 2U}) {
      const int iterations = static_cast<int>(scenario.pieces.size()) * iterations_of_piece;
      for (int at = 0; at < iterations; at += static_cast<int>(sample_interval)) {
        SCOPED_TRACE(described(scenario) + ": iteration " + std::to_string(at));
        Play play(scenario);
        // A completion that is on its way when the order comes.
        for (std::uint64_t n = 1; n < 40; ++n) play.world.engine.plan_fault(n, {.delay = delay});
        const uring::Milliseconds before = play.world.engine.now();
        play.run([&](int iteration) {
          if (iteration != at) return;
          play.world.worker.drain();
          if (!drains_only) play.world.worker.connections.stop();
        });
        if (!drains_only) {
          EXPECT_TRUE(play.world.worker.connections.empty());
          EXPECT_EQ(play.world.engine.now(), before);
        }
        play.check();
      }
    }
  }
}

TEST(Stops, at_any_iteration_of_a_read_leave_nothing_behind) { interfere(reads(), false); }
TEST(Stops, at_any_iteration_of_a_write_leave_the_old_file_or_the_new_one) {
  interfere(writes(), false);
}
TEST(Stops, that_only_drain_leave_nothing_behind) {
  interfere(reads(), true);
  interfere(writes(), true);
}

// Every received request gets its response, whenever the worker begins to drain.
TEST(Stops, that_only_drain_leave_no_request_without_a_response) {
  for (const std::uint32_t delay : {0U, 1U, 3U}) {
    for (int at = 0; at < 30; ++at) {
      const Scenario scenario = writes().front();
      Play play(scenario);
      for (std::uint64_t n = 1; n < 20; ++n) play.world.engine.plan_fault(n, {.delay = delay});
      play.run([&](int iteration) {
        if (iteration == at) play.world.worker.drain();
      });
      const bool stored = play.world.root.get("folder/file") == "new";
      const bool answered = play.world.heard(play.socket).starts_with("HTTP/1.1 204 ");
      EXPECT_EQ(stored, answered) << "iteration " << at << ", delay " << delay;
      EXPECT_TRUE(stored) << "iteration " << at << ", delay " << delay;
      play.world.end();
    }
  }
}

}  // namespace
}  // namespace server
