// After a warm-up, requests allocate no memory.
//
// The global operator new of this program counts allocations while `counting` is set. Allocations
// of the simulated engine itself are left out. Coroutine frames come from their pool, which counts
// them.
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fuzz/replace_new.h"
#include "tests/server/uncounted.h"
#include "tests/server/world.h"
#include "uring/loop.h"

namespace {

std::size_t allocations = 0;

}  // namespace

void fuzz::before_new(std::size_t) {
  if (server::lab::counting) ++allocations;
}

namespace server {
namespace {

using lab::counting;
using lab::head_of;

class Heap : public ::testing::Test {
 protected:
  explicit Heap(std::uint64_t cache_bytes = lab::default_cache_bytes)
      : generation(std::make_shared<Generation>(Generation{.cache_bytes = cache_bytes})),
        shared{.claims = claims, .generation = generation, .root = root.fd()} {
    root.put("hello.txt", "hello\n");
    root.put("folder/index.html", "<p>");
    root.put("hello.txt.gz", "zipped");
    root.put("100K", lab::pattern(100 * 1024));
    root.put("300K", lab::pattern(300 * 1024));
    for (int i = 0; i < 4; ++i) sockets.push_back(connect());
  }
  ~Heap() override {
    for (const int socket : sockets) engine.peer_finishes(socket);
    loop.run(worker.connections);
  }

  int connect() {
    const int socket = engine.connected();
    start_serving(*worker.admit(socket));
    return socket;
  }

  // How often the server allocates when all connections send `bytes`, after `warm` times.
  std::size_t count(std::string_view bytes, int warm = 100) {
    finish_site(site);
    worker.update_policy();
    for (int i = 0; i < warm; ++i) play(bytes);
    allocations = 0;
    for (int i = 0; i < 100; ++i) {
      counting = true;
      play(bytes);
      counting = false;
    }
    return allocations;
  }

  void play(std::string_view bytes) {
    {
      const bool before = std::exchange(counting, false);
      for (const int socket : sockets) engine.peer_sends(socket, bytes);
      counting = before;
    }
    for (int quiet = 0; quiet < 4;) quiet = loop.iterate(0) > 0 ? 0 : quiet + 1;
  }

  lab::Folder root;
  uring::Simulated engine;
  lab::Uncounted uncounted{engine};
  uring::Loop loop{uncounted};
  Claims claims;
  std::shared_ptr<Generation> generation;
  Site& site = generation->site;
  Shared shared;
  WorkerState worker{shared, loop};
  std::vector<int> sockets;
};

TEST_F(Heap, is_counted_here) {
  counting = true;
  auto* number = new std::vector<int>(10);
  counting = false;
  delete number;
  EXPECT_EQ(std::exchange(allocations, 0), 2U);
}

// Without a cache every request takes the general path.
class HeapWithoutCache : public Heap {
 protected:
  HeapWithoutCache() : Heap(0) {}
};

TEST_F(HeapWithoutCache, is_not_used_by_a_request_that_is_kept_alive) {
  EXPECT_EQ(count(head_of("GET", "/hello.txt")), 0U);
  EXPECT_EQ(count(head_of("GET", "/folder/")), 0U);
  EXPECT_EQ(count(head_of("HEAD", "/hello.txt", "If-None-Match: \"x\"\r\n")), 0U);
  EXPECT_EQ(count(head_of("GET", "/none")), 0U);
  EXPECT_EQ(count(head_of("GET", "/hello.txt", "Range: bytes=1-2\r\n")), 0U);
  EXPECT_EQ(count(head_of("GET", "/hello.txt", "Range: bytes=1-2,4-5\r\n")), 0U);
  EXPECT_EQ(count(head_of("GET", "/300K")), 0U);
  const std::string get = head_of("GET", "/hello.txt");
  EXPECT_EQ(count(get + get + get), 0U);
  EXPECT_EQ(worker.files.size(), 0U);
}

// Cached files, small and large, with bodies and without, found by target and by path.
TEST_F(Heap, is_not_used_by_responses_from_the_cache) {
  const std::string tag = "If-None-Match: " + std::string(lab::old_tag) + "\r\n";
  for (const std::string& request :
       {head_of("GET", "/hello.txt"), head_of("HEAD", "/hello.txt"),
        head_of("GET", "/hello.txt", tag), head_of("GET", "/hello.txt", "If-None-Match: *\r\n"),
        head_of("GET", "/hello.txt?query"), head_of("GET", "/hello.txt", "Origin: https://a\r\n"),
        head_of("GET", "/none"), head_of("HEAD", "/none"), head_of("GET", "/100K"),
        head_of("GET", "/300K"), head_of("GET", "/100K", "Range: bytes=1000-90000\r\n"),
        head_of("GET", "/300K", "Range: bytes=1000-90000\r\n"),
        head_of("GET", "/300K", "Range: bytes=1-2\r\n")}) {
    // The general path caches the file, and the fast path its head; after that nothing is
    // allocated.
    EXPECT_EQ(count(request, 5), 0U) << request;
  }
  EXPECT_GT(worker.files.counters().hits, 1000U);
}

TEST_F(Heap, is_not_used_by_compressed_siblings_and_extra_fields) {
  site.precompressed = true;
  ASSERT_EQ(add_header("X-Content-Type-Options: nosniff", site.extra_fields), "");
  ASSERT_EQ(add_origin("https://a", site.extra_fields), "");
  EXPECT_EQ(
      count(head_of("GET", "/hello.txt", "Accept-Encoding: br, gzip\r\nOrigin: https://a\r\n")),
      0U);
}

TEST_F(Heap, is_not_used_by_heads_in_pieces) {
  engine.split_receives(7);
  EXPECT_EQ(count(head_of("GET", "/hello.txt")), 0U);
}

TEST_F(Heap, is_not_used_by_an_upload) {
  site.writable = true;
  EXPECT_EQ(count(head_of("PUT", "/new", "Content-Length: 3\r\n") + "new"), 0U);
  EXPECT_EQ(count(head_of("PUT", "/new", "Transfer-Encoding: chunked\r\n") + "1\r\nx\r\n0\r\n\r\n"),
            0U);
}

// A line a request; its buffers grow to what the writer leaves waiting, and stay.
TEST_F(Heap, is_not_used_by_the_access_log) {
  AccessLog log((root / "log").string(), LogFormat::json);
  ASSERT_EQ(log.open(), 0);
  shared.access_log = &log;
  generation->logs_requests = true;
  // Twice: the writer and the server exchange two buffers.
  for (int i = 0; i < 2; ++i) {
    for (int lines = 0; lines < 5000; ++lines) log.append({.remote = "::1", .method = "GET"});
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  EXPECT_EQ(count(head_of("GET", "/hello.txt")), 0U);
  generation->logs_requests = false;
}

TEST_F(Heap, is_not_used_by_a_connection_after_others_like_it) {
  const auto come_and_go = [&] {
    const bool before = std::exchange(counting, false);
    const int socket = engine.connected();
    engine.peer_sends(socket, head_of("GET", "/hello.txt"));
    engine.peer_finishes(socket);
    counting = before;
    start_serving(*worker.admit(socket));
    for (int quiet = 0; quiet < 4;) quiet = loop.iterate(0) > 0 ? 0 : quiet + 1;
  };
  for (int warming = 0; warming < 10; ++warming) come_and_go();
  allocations = 0;
  counting = true;
  for (int i = 0; i < 10; ++i) come_and_go();
  counting = false;
  EXPECT_EQ(allocations, 0U);
}

// Other compilers make larger frames; for them the bound is only an order of magnitude.
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
constexpr std::size_t most_idle_bytes = 400;
#else
constexpr std::size_t most_idle_bytes = 1024;
#endif

TEST_F(Heap, holds_little_of_a_connection_that_waits) {
  constexpr std::size_t clients = 1000;
  const std::size_t before = loop.frames().bytes();
  for (std::size_t i = 0; i < clients; ++i) sockets.push_back(connect());
  EXPECT_LE((loop.frames().bytes() - before) / clients, most_idle_bytes);
  // A second request allocates no more frames than the first.
  play(head_of("GET", "/hello.txt"));
  const std::size_t served = loop.frames().bytes();
  play(head_of("GET", "/hello.txt"));
  EXPECT_EQ(loop.frames().bytes(), served);
}

}  // namespace
}  // namespace server
