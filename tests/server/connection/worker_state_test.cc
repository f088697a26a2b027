// Replacing the Site of a worker while it serves: which requests see which one, and what caches
// keep.
#include "apps/server/connection/worker_state.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::statuses_of;

class Sites : public lab::InWorld {
 protected:
  Sites() {
    world.root.put("hello.txt", "hello\n");
    world.root.put("large", lab::pattern(300'000));
  }

  // A Site with that --header line.
  static Site with_header(std::string_view line) {
    Site site;
    EXPECT_EQ(add_header(line, site.extra_fields), "");
    return site;
  }

  void replace(Site site) {
    Generation next = world.worker.generation();
    next.site = std::move(site);
    adopt(std::make_shared<Generation>(std::move(next)));
  }
  void adopt(std::shared_ptr<Generation> next) {
    finish_site(next->site);
    world.worker.adopt(std::make_unique<LiveGeneration>(std::move(next)));
  }

  // What comes back for `bytes` alone, without dates, on a connection that stays open.
  std::string added(int socket, std::string_view bytes) {
    const std::size_t before = world.heard(socket).size();
    return world.say(socket, bytes).substr(before);
  }
};

TEST_F(Sites, judge_the_requests_that_begin_after_they_came) {
  const int socket = world.connect();
  const std::string put = head_of("PUT", "/new", "Content-Length: 1\r\n") + "x";
  EXPECT_TRUE(added(socket, put).starts_with("HTTP/1.1 405 "));
  replace({.writable = true});
  EXPECT_TRUE(added(socket, put).starts_with("HTTP/1.1 201 "));
  EXPECT_EQ(world.root.get("new"), "x");
  replace({});
  EXPECT_TRUE(added(socket, head_of("DELETE", "/new")).starts_with("HTTP/1.1 405 "));
  world.engine.peer_finishes(socket);
}

TEST_F(Sites, stay_with_a_request_that_has_begun) {
  const int socket = world.connect();
  const std::string put = head_of("PUT", "/new", "Content-Length: 4\r\n");
  replace({.writable = true});
  world.say(socket, put.substr(0, 10));
  replace({});
  EXPECT_EQ(added(socket, put.substr(10) + "ab"), "");
  replace({.max_body = 1});
  EXPECT_TRUE(added(socket, "cd").starts_with("HTTP/1.1 201 "));
  EXPECT_EQ(world.root.get("new"), "abcd");
  EXPECT_TRUE(added(socket, put + "abcd").starts_with("HTTP/1.1 405 "));
  world.engine.peer_finishes(socket);
}

TEST_F(Sites, are_chosen_anew_for_each_pipelined_request) {
  const int socket = world.connect();
  replace({.writable = true});
  world.say(socket, head_of("PUT", "/a", "Content-Length: 2\r\n") + "a");
  replace({});
  world.say(socket, "a" + head_of("PUT", "/b", "Content-Length: 1\r\n") + "b" +
                        head_of("GET", "/hello.txt"));
  EXPECT_EQ(statuses_of(world.heard(socket)), (std::vector<int>{201, 405, 200}));
  world.engine.peer_finishes(socket);
}

// The cached head of the old Site has its --header lines.
TEST_F(Sites, never_answer_with_the_cached_head_of_another_one) {
  const int socket = world.connect();
  const std::string get = head_of("GET", "/hello.txt");
  const std::string same =
      head_of("GET", "/hello.txt", "If-None-Match: " + std::string(lab::old_tag) + "\r\n");
  for (const char* line : {"A: one", "B: two", "C: three"}) {
    replace(with_header(line));
    const std::string field = std::string("\r\n") + line + "\r\n";
    for (int times = 0; times < 4; ++times) {
      for (const std::string& request : {get, same}) {
        const std::string answer = added(socket, request);
        EXPECT_NE(answer.find(field), std::string::npos) << answer;
        EXPECT_EQ(answer.find(": "), answer.find("Date: ") + 4) << answer;
      }
    }
  }
  world.engine.peer_finishes(socket);
}

// A cached head that is on its way to a slow peer is not overwritten.
TEST_F(Sites, leave_a_response_as_it_was_that_is_being_sent) {
  const std::string get = head_of("GET", "/hello.txt");
  replace(with_header("A: one"));
  const std::string expected = world.ask(get);
  world.ask(get);
  const int slow = world.connect();
  world.engine.peer_takes(slow, 10);
  world.say(slow, get);
  replace(with_header("Another-Field: with a longer value"));
  for (int times = 0; times < 3; ++times) {
    EXPECT_NE(world.ask(get).find("\r\nAnother-Field: "), std::string::npos);
  }
  world.engine.peer_takes(slow, SIZE_MAX);
  world.settle();
  EXPECT_EQ(world.heard(slow), expected);
  world.engine.peer_finishes(slow);
}

TEST_F(Sites, leave_cached_files_and_their_types_in_the_cache) {
  world.ask(head_of("GET", "/hello.txt"));
  CachedFile* const file = world.worker.files.find("hello.txt");
  ASSERT_NE(file, nullptr);
  const std::string_view type = file->content_type;
  EXPECT_FALSE(type.empty());
  replace({.listing = false});
  EXPECT_EQ(world.worker.files.find("hello.txt"), file);
  EXPECT_EQ(file->content_type.data(), type.data());
}

// The memory of an exchange was sized by the old limit.
TEST_F(Sites, may_allow_longer_heads_than_before) {
  Site narrow;
  narrow.limits.head_bytes = 256;
  replace(narrow);
  const int socket = world.connect();
  const std::string small = head_of("GET", "/hello.txt");
  world.say(socket, small.substr(0, 20));
  EXPECT_TRUE(added(socket, small.substr(20)).ends_with("hello\n"));
  Site wide;
  wide.limits.head_bytes = 60'000;
  replace(wide);
  const std::string field = "X: " + std::string(10'000, 'x') + "\r\n";
  const std::string large = head_of("GET", "/hello.txt", field + field + field + field + field);
  for (std::size_t at = 0; at < large.size(); at += 5000) {
    world.say(socket, large.substr(at, 5000));
  }
  EXPECT_EQ(statuses_of(world.heard(socket)), (std::vector<int>{200, 200}));
  world.engine.peer_finishes(socket);
}

TEST_F(Sites, are_freed_when_the_last_request_that_began_with_them_has_ended) {
  auto old = std::make_shared<Generation>(world.worker.generation());
  const std::weak_ptr<const Generation> watched = old;
  adopt(std::move(old));
  const int first = world.connect();
  const int second = world.connect();
  world.say(first, "GET /hello");
  world.say(second, "GET /hello");
  replace({});
  EXPECT_FALSE(watched.expired());
  world.say(first, ".txt HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(watched.expired());
  world.say(second, ".txt HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(watched.expired());
  world.engine.peer_finishes(first);
  world.engine.peer_finishes(second);
}

TEST_F(Sites, decide_the_time_that_an_idle_connection_has) {
  const int socket = world.connect();
  world.settle();
  Site brief;
  brief.timeouts.idle_ms = 1000;
  replace(brief);
  world.say(socket, head_of("GET", "/hello.txt"));  // the next wait is judged by the new one
  world.pass(1500);
  EXPECT_TRUE(world.engine.closed(socket));
}

// An older generation may have other index files, and its request must not decide what a target
// leads to for later ones.
TEST_F(Sites, lead_targets_to_their_own_files_while_older_requests_end) {
  world.root.put("page/old.html", "old");
  world.root.put("page/new.html", "new");
  Site old;
  old.index = {"old.html"};
  replace(old);
  const int slow = world.connect();
  const std::string get = head_of("GET", "/page/");
  world.say(slow, get.substr(0, 10));
  Site next;
  next.index = {"new.html"};
  replace(next);
  EXPECT_TRUE(added(slow, get.substr(10)).ends_with("old"));
  for (int times = 0; times < 4; ++times) EXPECT_TRUE(added(slow, get).ends_with("new"));
  world.engine.peer_finishes(slow);
}

// --- What generations have besides their Site ---

class Generations : public Sites {
 protected:
  // The next generation, for changes before adopt().
  std::shared_ptr<Generation> next() {
    auto copy = std::make_shared<Generation>(world.worker.generation());
    ++copy->number;
    return copy;
  }
};

TEST_F(Generations, change_the_types_of_cached_files) {
  const int socket = world.connect();
  const std::string get = head_of("GET", "/hello.txt");
  for (int times = 0; times < 4; ++times) {
    EXPECT_NE(added(socket, get).find("\r\nContent-Type: text/plain; "), std::string::npos);
  }
  world.root.put("types", "application/x-hello txt\n");
  auto types = std::make_shared<Mime>();
  ASSERT_TRUE(types->read((world.root / "types").string()));
  EXPECT_FALSE(*types == *world.worker.generation().mime);
  const int slow = world.connect();
  world.say(slow, get.substr(0, 10));
  auto changed = next();
  changed->mime = std::move(types);
  adopt(std::move(changed));
  for (int times = 0; times < 4; ++times) {
    EXPECT_NE(added(socket, get).find("\r\nContent-Type: application/x-hello\r\n"),
              std::string::npos);
  }
  EXPECT_NE(added(slow, get.substr(10)).find("\r\nContent-Type: text/plain; "), std::string::npos);
  EXPECT_NE(added(slow, get).find("\r\nContent-Type: application/x-hello\r\n"), std::string::npos);
  world.engine.peer_finishes(socket);
  world.engine.peer_finishes(slow);
}

TEST_F(Generations, change_the_size_of_the_file_cache) {
  world.ask(head_of("GET", "/hello.txt"));
  EXPECT_NE(world.worker.files.find("hello.txt"), nullptr);
  auto without = next();
  without->cache_bytes = 0;
  adopt(std::move(without));
  EXPECT_EQ(world.worker.files.size(), 0U);
  world.ask(head_of("GET", "/hello.txt"));
  EXPECT_EQ(world.worker.files.size(), 0U);
  auto with = next();
  with->cache_bytes = lab::default_cache_bytes;
  adopt(std::move(with));
  world.ask(head_of("GET", "/hello.txt"));
  EXPECT_NE(world.worker.files.find("hello.txt"), nullptr);
}

// All peers of the simulated engine are those of unix sockets.
TEST_F(Generations, decide_anew_which_kept_connections_are_trusted) {
  const lab::Folder logs;
  AccessLog log((logs / "log").string(), LogFormat::combined);
  ASSERT_EQ(log.open(), 0);
  world.shared.access_log = &log;
  const int idle = world.connect();
  const int busy = world.connect();
  const std::string get = head_of("GET", "/hello.txt", "X-Forwarded-For: 192.0.2.7\r\n");
  world.say(busy, get.substr(0, 10));  // unlogged and not trusted
  auto trusting = next();
  trusting->logs_requests = true;
  add_network("unix", trusting->trust);
  adopt(std::move(trusting));
  world.say(busy, get.substr(10) + get);
  world.say(idle, get);
  auto wary = next();
  wary->trust = {};
  adopt(std::move(wary));
  world.say(busy, get);
  world.say(idle, get);
  world.engine.peer_finishes(idle);
  world.engine.peer_finishes(busy);
  world.end();
  log.stop();
  std::vector<std::string> clients;
  const std::string text = logs.get("log");
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    clients.push_back(text.substr(at, text.find(' ', at) - at));
  }
  EXPECT_EQ(clients, (std::vector<std::string>{"192.0.2.7", "192.0.2.7", "unix", "unix"}));
}

// A request that began without a log has no line, and its successor on the connection has one.
TEST_F(Generations, log_whole_requests_or_nothing) {
  const lab::Folder logs;
  AccessLog log((logs / "log").string(), LogFormat::json);
  ASSERT_EQ(log.open(), 0);
  world.shared.access_log = &log;
  const int socket = world.connect();
  const std::string first = head_of("GET", "/first");
  world.say(socket, first.substr(0, 10));
  auto logging = next();
  logging->logs_requests = logging->logs_durations = true;
  adopt(std::move(logging));
  const std::string second = head_of("GET", "/second");
  world.say(socket, first.substr(10) + second.substr(0, 10));
  auto silent = next();
  silent->logs_requests = silent->logs_durations = false;
  adopt(std::move(silent));
  world.say(socket, second.substr(10) + head_of("GET", "/third"));
  world.engine.peer_finishes(socket);
  world.end();
  log.stop();
  const std::string text = logs.get("log");
  EXPECT_EQ(text.find("/first"), std::string::npos);
  EXPECT_NE(text.find("\"remote\":\"unix\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"target\":\"/second\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"duration_us\":0,"), std::string::npos) << text;
  EXPECT_EQ(text.find("/third"), std::string::npos);
}

TEST_F(Generations, count_addresses_from_their_adoption_on) {
  auto counting = next();
  counting->trust = {};
  add_network("unix", counting->trust);
  counting->addresses = std::make_shared<AddressCounts>(16, 42);
  counting->most_from_address = 1;
  counting->site.writable = true;
  const int before = world.connect();
  adopt(std::move(counting));
  const std::string put =
      head_of("PUT", "/new", "Content-Length: 1\r\nX-Forwarded-For: 192.0.2.7\r\n");
  world.say(before, put);  // its client is counted while the request lasts
  EXPECT_EQ(statuses_of(world.ask(put + "x")), std::vector<int>{503});
  auto any = next();
  any->most_from_address = 0;
  adopt(std::move(any));
  EXPECT_EQ(statuses_of(world.ask(put + "x")), std::vector<int>{201});
  world.say(before, "x");
  world.engine.peer_finishes(before);
}

class Tidying : public lab::ConnectionTest {};

// Many clients at one time: their exchanges and blocks are freed when they were not used for a
// while, and those that are in use stay.
TEST_F(Tidying, frees_the_memory_of_a_burst) {
  const std::string head = head_of("GET", "/hello.txt");
  std::vector<int> sockets;
  for (int i = 0; i < 200; ++i) sockets.push_back(world.connect());
  for (const int socket : sockets) world.engine.peer_sends(socket, head.substr(0, 20));
  world.settle();
  for (const int socket : sockets) world.say(socket, head.substr(20));
  EXPECT_EQ(world.worker.idle_exchanges(), 200U);
  world.worker.tidy();
  EXPECT_EQ(world.worker.idle_exchanges(), 200U) << "they were used just now";
  world.pass(WorkerState::quiet_ms);
  EXPECT_EQ(statuses_of(world.say(sockets[0], head.substr(0, 20))), std::vector<int>{200});
  world.worker.tidy();
  EXPECT_EQ(world.worker.idle_exchanges(), 0U);
  EXPECT_LE(world.worker.blocks.bytes(), (BlockPool::kept_blocks + 1) * BlockPool::large_bytes);
  EXPECT_EQ(statuses_of(world.say(sockets[0], head.substr(20))), (std::vector<int>{200, 200}));
  for (const int socket : sockets) world.engine.peer_finishes(socket);
}

class Admission : public lab::ConnectionTest {};

TEST_F(Admission, refuses_connections_beyond_the_limit_and_says_when_it_refuses_too_many) {
  world.generation->most_connections = 2;
  world.shared.most_refused = 3;
  std::vector<int> sockets;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(world.worker.is_overrun());
    sockets.push_back(world.connect());
  }
  EXPECT_TRUE(world.worker.is_overrun());
  EXPECT_EQ(world.shared.admitted, 2U);
  EXPECT_EQ(statuses_of(world.say(sockets[1], head_of("GET", "/hello.txt"))),
            std::vector<int>{200});
  EXPECT_EQ(statuses_of(world.say(sockets[2], head_of("GET", "/hello.txt"))),
            std::vector<int>{503});
  for (const int socket : sockets) world.engine.peer_finishes(socket);
  world.settle();
  EXPECT_FALSE(world.worker.is_overrun());
  EXPECT_EQ(world.shared.admitted, 0U);
}

// A refused client that sends nothing makes others wait for little time.
TEST_F(Admission, gives_refused_clients_little_time) {
  world.generation->most_connections = 0;
  const int socket = world.connect();
  world.pass(2000 + lab::slack_ms);
  EXPECT_TRUE(world.engine.closed(socket));
}

}  // namespace
}  // namespace server
