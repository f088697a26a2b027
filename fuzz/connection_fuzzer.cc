// Fuzzes a connection from its first byte to its close: the input is a script (script.h) of a
// client's bytes, cuts and faults, for serve() on the simulated engine.
//
// Oracles for every run:
//   - no crash and no endless loop; the connection ends within the timeouts of a peer;
//     every buffer, block, exchange, frame and descriptor is released
//   - the server sends whole responses in the order of the requests, at most one for each,
//     and after the last one at most a refusal and the beginning of one more response
//   - a sent file is a present or former file of the tree; a 206 is a part of one
//   - every file is whole: the original, or the body of an upload to its name; a confirmed upload
//     that was not replaced is present; no temporary file is left
//   - no file outside the root is read or changed; a read-only server does not try to write
// For a calm run, in which client and machine work correctly, however slowly and in pieces:
//   - responses and files are those of connection_reference.h: one response for each request, up to
//     one that closes the connection; the body is the file or the requested range
//   - a malformed head gets one response, a refusal, which is the last; an unfinished head
//     gets none
//   - the bytes in one piece, or a few at a time, give equal responses and equal files
// Covered by the replay of corpus/connection in every build.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/connection/worker_state.h"
#include "apps/server/serve.h"
#include "fuzz/connection_reference.h"
#include "fuzz/require.h"
#include "fuzz/script.h"
#include "fuzz/served_tree.h"
#include "uring/loop.h"
#include "uring/simulated.h"

namespace {

using fuzz::Answer;
using fuzz::Asked;
using fuzz::Asks;
using fuzz::Entries;
using fuzz::Entry;
using fuzz::Event;
using fuzz::require;
using fuzz::Script;
using fuzz::ServedTree;
using fuzz::Setup;
using uring::OpCode;

// A file larger than a block, so that it is sent in two pieces.
std::string_view large_content() {
  static const std::string content = [] {
    std::string all(server::BlockPool::large_bytes + 100, '\0');
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>('A' + i % 26);
    return all;
  }();
  return content;
}

ServedTree& tree() {
  using enum Entry::Kind;
  static ServedTree made(Entries{{".hidden", {file, "hidden\n"}},
                                 {"404.html", {file, "<p>not here"}},
                                 {"away", {link, "../outside/secret"}},
                                 {"file", {file, "abcdefghij"}},
                                 {"folder", {directory, ""}},
                                 {"folder/empty", {file, ""}},
                                 {"folder/index.html", {file, "<p>index"}},
                                 {"large", {file, large_content()}},
                                 {"out", {link, "../outside"}}});
  return made;
}

server::Site site_of(const Setup& setup) {
  server::Site site;
  site.writable = setup.writable;
  site.dot_files = setup.dot_files;
  site.limits = setup.limits();
  if (setup.is_durable) site.durability = server::Durability::full;
  if (setup.small_bodies) site.max_body = Setup::most_body;
  if (setup.has_fallback) site.fallback = Setup::fallback;
  site.listing = false;  // listing_fuzzer.cc judges listings
  server::finish_site(site);
  return site;
}

// A server on the simulated engine. Creating one costs more than a run, so one server serves all
// runs with the same limit for heads, which determines the size of its buffers. Bytes that a run
// leaves in exchanges and blocks are there in the next run, as in a real server.
struct Server {
  uring::Simulated engine;
  uring::Loop loop{engine};
  server::Claims claims;
  server::Shared shared{.claims = claims,
                        .generation = std::make_shared<const server::Generation>(
                            server::Generation{.cache_bytes = 64 * 1024 * 1024}),
                        .root = tree().root()};
  server::WorkerState worker{shared, loop};
};

Server& server_for(const Setup& setup) {
  static Server usual;
  static Server narrow;
  Server& chosen = setup.small_heads ? narrow : usual;
  auto next = std::make_shared<server::Generation>(chosen.worker.generation());
  next->site = site_of(setup);
  next->most_connections = setup.overloaded ? 0 : 1;
  chosen.worker.adopt(std::make_unique<server::LiveGeneration>(next));
  chosen.worker.draining = false;
  chosen.engine.reset();
  chosen.worker.files.invalidate_all();  // its entries are of another configuration
  return chosen;
}

// The way in which the bytes of a script reach the server.
enum class Pieces : std::uint8_t { as_scripted, one, few_at_a_time };

// One connection, run to its end.
class Play {
 public:
  Play(const Script& script, Server& server) : script_(script), server_(server) {}

  void run(Pieces pieces) {
    socket_ = engine_.connected();
    server::Connection* const c = worker_.admit(socket_);
    if (c) server::start_serving(*c);
    if (pieces == Pieces::as_scripted) {
      if (script_.receive_bytes > 0) split_receives(script_.receive_bytes);
      for (const Event& event : script_.events) act(event);
    } else {
      if (pieces == Pieces::few_at_a_time) split_receives(1 + script_.bytes.size() % 7);
      engine_.peer_sends(socket_, script_.bytes);
      settle();
    }
    end(pieces);
    require_nothing_left();
  }

  // The client worked correctly, and no operation failed that must succeed.
  [[nodiscard]] bool was_calm() const {
    if (script_.stays_silent || script_.has('R') || script_.has('S') || script_.has('K')) {
      return false;
    }
    // Less than the shortest timeout, so that none expires; a lingering close ends after 5 s, when
    // all responses have been sent.
    constexpr std::int64_t calm_ms = 9000;
    return script_.duration_ms < calm_ms && !was_hurt_;
  }

  [[nodiscard]] std::string_view received() const { return engine_.peer_received(socket_); }

  [[nodiscard]] bool has_written() const {
    return counted(OpCode::write) || counted(OpCode::rename) || counted(OpCode::unlink) ||
           counted(OpCode::make_directory);
  }
  [[nodiscard]] std::size_t failed_unlinks() const { return failed_unlinks_; }

 private:
  struct Fault {
    std::uint64_t number;
    bool is_error;
    int error;
  };

  [[nodiscard]] bool counted(OpCode code) const { return engine_.started(code) > 0; }

  // A long script is not cut into more pieces than a short one: each costs a loop iteration.
  void split_receives(std::size_t bytes) {
    constexpr std::size_t most_pieces = 200;
    engine_.split_receives(std::max(bytes, script_.bytes.size() / most_pieces));
  }

  void act(const Event& event) {
    switch (event.letter) {
      case '"':
        engine_.peer_sends(socket_,
                           std::string_view(script_.bytes).substr(event.begin, event.size));
        break;
      case ',': loop_.iterate(0); break;
      case 'F': engine_.peer_finishes(socket_); break;
      case 'R': engine_.peer_resets(socket_); break;
      case 'T':
        engine_.advance_clock(std::int64_t{event.n} * Script::tick_ms);
        settle();
        break;
      case 'W': engine_.peer_takes(socket_, std::size_t{event.n} * 16); break;
      case 'O': engine_.peer_takes(socket_, SIZE_MAX); break;
      case 'E': plan_error(event); break;
      case 'M': plan(event.n % 32, {.most = 1}); break;
      case 'D': plan(event.n % 32, {.delay = 1U + event.n / 32U}); break;
      case 'S': worker_.drain(); break;
      case 'K': worker_.connections.stop(); break;
      default: settle(); break;
    }
  }

  // Failures that any operation may have; a missing name, for example, is not such a failure.
  void plan_error(const Event& event) {
    static constexpr std::array errors = {EIO,     ENOMEM,    EMFILE, ENOSPC, ECONNRESET,
                                          ENOBUFS, ECANCELED, EINTR,  EAGAIN};
    plan(event.n % 32, {.error = errors[event.k % errors.size()]});
  }

  void plan(unsigned from_here, uring::Simulated::FaultPlan fault) {
    const std::uint64_t number = engine_.started() + 1 + from_here;
    engine_.plan_fault(number, fault);
    if (fault.delay == 0) faults_.push_back({number, fault.error != 0, fault.error});
  }

  // Runs loop iterations, without advancing the clock, until nothing more happens.
  void settle() {
    int most = 200'000;
    while (most > 0 && (loop_.iterate(0) > 0 || engine_.delayed_completions() > 0)) --most;
    require(most > 0, "the server becomes idle without an endless loop");
  }

  void end(Pieces pieces) {
    if (pieces != Pieces::as_scripted || !script_.stays_silent) {
      engine_.peer_takes(socket_, SIZE_MAX);
      engine_.peer_finishes(socket_);
    }
    settle();
    look_for_harm();
    require(!was_calm() || engine_.closed(socket_), "the connection ends after its last response");
    const uring::Milliseconds before = engine_.now();
    int turns = 0;
    while (!worker_.connections.empty() && turns < 200'000) {
      loop_.iterate(uring::forever);
      ++turns;
    }
    require(worker_.connections.empty(), "the connection ends");
    require(engine_.now() - before <= longest_end_ms(), "it ends in bounded time");
    look_for_harm();
  }

  // The timeouts for a head, for a body and for sending a response, twice; a lingering close; and
  // the time that the lowest rate allows for all received bytes and for sending a full block.
  [[nodiscard]] uring::Milliseconds longest_end_ms() const {
    const server::Timeouts& timeouts = server_.worker.site().timeouts;
    const std::uint64_t bytes = script_.bytes.size() + 2 * server::BlockPool::large_bytes;
    constexpr uring::Milliseconds linger_ms = 6000;
    return 2 * (timeouts.head_ms + timeouts.idle_ms + 2 * timeouts.body_ms) + linger_ms +
           static_cast<uring::Milliseconds>(bytes * 1000 / timeouts.lowest_rate);
  }

  // The planned faults that have happened, and whether the client can notice them.
  void look_for_harm() {
    failed_unlinks_ = 0;
    for (const Fault& fault : faults_) {
      if (fault.number > engine_.started()) continue;
      const OpCode code = engine_.code_of(fault.number);
      const bool is_send = code == OpCode::send || code == OpCode::send_gather;
      const bool is_shortage = code == OpCode::recv_provided && fault.error == ENOBUFS;
      if (fault.is_error ? !is_shortage : is_send) was_hurt_ = true;
      if (fault.is_error && code == OpCode::unlink) ++failed_unlinks_;
    }
  }

  void require_nothing_left() const {
    require(worker_.live == 0, "no connection is left");
    require(worker_.blocks.lent() == 0, "no block is left");
    require(loop_.frames().live() == 0, "no frame is left");
    require(engine_.buffers_in_use() == 0, "no provided buffer is left");
    require(engine_.open_files() == 0, "no file is left open");
    require(engine_.open_sockets() == 0, "no socket is left open");
  }

  const Script& script_;
  Server& server_;
  uring::Simulated& engine_ = server_.engine;
  uring::Loop& loop_ = server_.loop;
  server::WorkerState& worker_ = server_.worker;
  int socket_ = -1;
  bool was_hurt_ = false;
  std::size_t failed_unlinks_ = 0;
  std::vector<Fault> faults_;
};

// ---- checks of the results ---------------------------------------------------------------

bool same_content(std::string_view left, std::string_view right) {
  return left.size() == right.size() && (left.data() == right.data() || left == right);
}

bool same_entry(const Entry& left, const Entry& right) {
  return left.kind == right.kind && same_content(left.content, right.content);
}

bool same_entries(const Entries& left, const Entries& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& one, const auto& other) {
                      return one.first == other.first && same_entry(one.second, other.second);
                    });
}

// The result of a calm run: the responses without fields that vary.
struct Outcome {
  std::string answers;
  bool depends_on_cuts = false;  // two correct responses are possible
};

// --max-body is checked when a receive ends: a body beyond it that is malformed further on is
// refused for either reason.
bool may_depend_on_cuts(const Asked& asked, const Setup& setup) {
  const bool is_chunked = asked.head.body().kind == http1::BodyKind::chunked;
  return is_chunked && setup.small_bodies && asked.body_is_bad;
}

// After a malformed head: a refusal, and no further byte.
void check_end(const Asks& asks, const Setup& setup, std::string_view& rest, Outcome& outcome) {
  if (asks.end == http1::Progress::failed) {
    Answer refusal;
    require(take_answer(rest, asks.method, refusal), "a malformed head is refused");
    const int status = setup.overloaded ? refusal.head.status() : http1::status_of(asks.error);
    require(refusal.head.status() == status, "a refusal has the status of the error");
    require(!refusal.head.keep_alive(), "a refusal closes the connection");
    append_lasting(refusal, outcome.answers);
  }
  require(rest.empty(), "there is no response without a request");
}

// Reads the responses in parallel with the requests, and updates `model`.
Outcome follow_calm(const Asks& asks, std::string_view rest, const Setup& setup,
                    fuzz::Model& model) {
  Outcome outcome;
  for (const Asked& asked : asks.all) {
    Answer answer;
    require(take_answer(rest, asked.head.method(), answer),
            "each request gets a response, unless one before it has closed the connection");
    model.follow(asked, answer);
    append_lasting(answer, outcome.answers);
    outcome.depends_on_cuts = outcome.depends_on_cuts || may_depend_on_cuts(asked, setup);
    const bool is_last = !answer.head.keep_alive() || !asked.body_is_whole;
    if (is_last || (rest.empty() && outcome.depends_on_cuts)) {
      require(rest.empty(), "no byte follows the last response");
      return outcome;
    }
  }
  check_end(asks, setup, rest, outcome);
  return outcome;
}

void check_calm_files(const Entries& found, const Entries& expected) {
  for (const auto& [path, entry] : found) {
    require(path.find(server::temporary_prefix) == std::string::npos, "no temporary file is left");
    const auto known = expected.find(path);
    require(known != expected.end(), "every file is expected");
    require(same_entry(entry, known->second), "every file has the expected content");
  }
  require(found.size() == expected.size(), "every expected file exists");
}

// Checks a body that was sent as a file: an original file, or a complete upload.
bool is_known_content(std::string_view body, const Asks& asks) {
  for (const auto& [path, entry] : tree().wanted()) {
    if (entry.kind == Entry::Kind::file && same_content(body, entry.content)) return true;
  }
  for (const Asked& asked : asks.all) {
    if (asked.body_is_whole && (asked.body == body || asked.is_part())) return true;
  }
  return false;
}

// Reads the responses of a run in which any operation may have failed. Returns their statuses.
std::vector<int> follow_hurt(const Asks& asks, std::string_view rest) {
  std::vector<int> statuses;
  for (const Asked& asked : asks.all) {
    Answer answer;
    if (!take_answer(rest, asked.head.method(), answer)) return statuses;
    const int status = answer.head.status();
    statuses.push_back(status);
    const bool is_get = asked.head.method() == http1::Method::get;
    require(!is_get || status != 200 || is_known_content(answer.body, asks),
            "a sent file is an existing one");
    const bool is_put = asked.head.method() == http1::Method::put;
    require(!is_put || status >= 300 || asked.body_is_whole,
            "an incomplete upload is not confirmed");
    if (!answer.head.keep_alive()) {
      require(rest.empty(), "no byte follows the last response");
      return statuses;
    }
  }
  Answer refusal;
  if (take_answer(rest, asks.method, refusal)) {
    require(refusal.head.status() >= 400 && !refusal.head.keep_alive(),
            "a refusal closes the connection");
    require(rest.empty(), "no byte follows the last response");
  }
  return statuses;
}

bool is_move(const Asked& asked) { return asked.head.method() == http1::Method::move; }

// Whether an entry may be at this path because of a MKCOL or a MOVE.
bool may_be_named(const std::string& path, const Entry& entry, const Asks& asks) {
  for (const Asked& asked : asks.all) {
    const bool is_made = asked.head.method() == http1::Method::mkcol &&
                         entry.kind == Entry::Kind::directory &&
                         fuzz::Model::path_of(asked.head) == path;
    if (is_made) return true;
    if (!is_move(asked)) continue;
    const std::string to = fuzz::Model::destination_of(asked.head);
    if (to.empty() || (path != to && !path.starts_with(to + "/"))) continue;
    if (entry.kind != Entry::Kind::file || is_known_content(entry.content, asks)) return true;
  }
  return false;
}

// Whether a file may have this content after any run: the original, or an upload to its name.
bool may_be_there(const std::string& path, const Entry& entry, const Asks& asks) {
  const Entries& wanted = tree().wanted();
  const auto before = wanted.find(path);
  if (before != wanted.end() && same_entry(entry, before->second)) return true;
  if (may_be_named(path, entry, asks)) return true;
  for (const Asked& asked : asks.all) {
    if (asked.head.method() != http1::Method::put || !asked.body_is_whole) continue;
    const std::string target = fuzz::Model::path_of(asked.head);
    if (entry.kind == Entry::Kind::directory && target.starts_with(path + "/")) return true;
    if (entry.kind == Entry::Kind::file && target == path &&
        (asked.body == entry.content || asked.is_part())) {
      return true;
    }
  }
  return false;
}

bool writes(const Asked& asked) {
  switch (asked.head.method()) {
    case http1::Method::put:
    case http1::Method::delete_:
    case http1::Method::mkcol:
    case http1::Method::move: return true;
    default: return false;
  }
}

// A confirmed upload is present, unless a later request changed the file. A MOVE may have changed
// any path.
void check_confirmed(const Entries& found, const Asks& asks, const std::vector<int>& statuses) {
  if (std::any_of(asks.all.begin(), asks.all.end(), is_move)) return;
  std::set<std::string> asked_later;
  for (std::size_t i = asks.all.size(); i-- > 0;) {
    const Asked& asked = asks.all[i];
    if (!writes(asked)) continue;
    const std::string path = fuzz::Model::path_of(asked.head);
    const bool is_last = asked_later.insert(path).second;
    const bool is_put = asked.head.method() == http1::Method::put;
    if (!is_last || !is_put || asked.is_part() || i >= statuses.size() || statuses[i] >= 300)
      continue;
    const auto there = found.find(path);
    require(there != found.end() && there->second.content == asked.body,
            "a confirmed upload is present");
  }
}

void check_hurt_files(const Entries& found, const Asks& asks, std::size_t failed_unlinks) {
  std::size_t temporaries = 0;
  for (const auto& [path, entry] : found) {
    if (path.find(server::temporary_prefix) != std::string::npos) {
      ++temporaries;
    } else {
      require(may_be_there(path, entry, asks), "every file is complete");
    }
  }
  require(temporaries <= failed_unlinks, "no temporary file is left");
}

// A file may have been stored or deleted. In memory plain system calls do that, which the engine
// does not count.
bool may_have_written(const Play& play, const Asks& asks) {
  return play.has_written() || std::any_of(asks.all.begin(), asks.all.end(),
                                           [](const auto& asked) { return writes(asked); });
}

// Runs the script once and checks the results. nullopt: the run was not calm.
std::optional<Outcome> play(const Script& script, const Setup& setup, const Asks& asks,
                            Pieces pieces) {
  Play play(script, server_for(setup));
  play.run(pieces);
  require(setup.writable || !play.has_written(), "a read-only server does not write");
  fuzz::Model model(tree().wanted(), setup);
  std::optional<Outcome> outcome;
  std::vector<int> statuses;
  if (play.was_calm())
    outcome = follow_calm(asks, play.received(), setup, model);
  else
    statuses = follow_hurt(asks, play.received());
  if (!may_have_written(play, asks)) {
    require(!outcome || same_entries(model.entries(), tree().wanted()),
            "no file changes without a write");
    return outcome;
  }
  const Entries found = tree().scan();
  if (outcome) {
    check_calm_files(found, model.entries());
  } else {
    check_hurt_files(found, asks, play.failed_unlinks());
    check_confirmed(found, asks, statuses);
  }
  tree().check_outside();
  tree().restore(found);
  return outcome;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Script script(fuzz::text_of_input(data, size));
  const Setup setup(script.settings);
  const Asks asks = fuzz::read_requests(script.bytes, setup.limits());
  const std::optional<Outcome> as_scripted = play(script, setup, asks, Pieces::as_scripted);
  if (!as_scripted) return 0;
  const bool was_cut = script.receive_bytes > 0 || script.events.size() > 1;
  const std::optional<Outcome> otherwise =
      play(script, setup, asks, was_cut ? Pieces::one : Pieces::few_at_a_time);
  if (as_scripted->depends_on_cuts) return 0;
  require(otherwise && otherwise->answers == as_scripted->answers,
          "the split of the bytes does not change the responses");
  return 0;
}
