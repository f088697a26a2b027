// Twenty thousand connections with random requests, some of them malformed or cut short, on an
// engine whose operations fail at random: nothing leaks, nothing hangs, and every stored file is
// complete.
//
// The seed is fixed, so that a failure can be repeated; its message names the round.
#include <cerrno>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/sweep.h"
#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using uring::OpCode;

class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {}

  // A number below `bound`.
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  bool chance(std::size_t percent) { return below(100) < percent; }

  template <typename T>
  const T& any(const std::vector<T>& all) {
    return all[below(all.size())];
  }

  // One to four requests, valid but for bytes that were changed in some.
  std::string requests(bool mutates) {
    std::string all;
    for (std::size_t count = 1 + below(4); count > 0; --count) all += request();
    if (mutates && chance(50)) mutate(all);
    return all;
  }

 private:
  std::string request() {
    static const std::vector<std::string> targets = {
        "/file",  "/file",       "/new",    "/new",     "/new",   "/a/b/new",       "/a/c/d/new",
        "/large", "/folder/",    "/folder", "/none",    "/",      "http://a/file",  "//file",
        "/../x",  "/%2e%2e/new", "/file/x", "/.hidden", "/a%20b", "/folder/../file"};
    static const std::vector<std::string> methods = {"GET", "GET",    "GET",     "HEAD", "PUT",
                                                     "PUT", "DELETE", "OPTIONS", "POST", "brew"};
    static const std::vector<std::string> fields = {
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "Range: bytes=1-2\r\n",
        "Range: bytes=-1\r\n",
        "If-None-Match: *\r\n",
        "If-Match: *\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "Expect: x\r\n",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "Content-Range: bytes 0-0/1\r\n",
        "If-Match: *\r\nX-OC-MTime: 784111777\r\n"};
    const std::string& method = any(methods);
    const std::string& target = any(targets);
    std::string more = any(fields);
    const bool has_body = method == "PUT" || chance(10);
    if (!has_body) return head_of(method, target, more);
    const std::string content = body();
    if (chance(50)) {
      more += "Content-Length: " + std::to_string(content.size()) + "\r\n";
      return head_of(method, target, more) + content;
    }
    return head_of(method, target, more + "Transfer-Encoding: chunked\r\n") + chunks(content);
  }

  // All of one letter, so that a file mixed of two bodies is detected; mostly small.
  std::string body() {
    const std::size_t most = chance(5) ? 300'000 : chance(20) ? 30'000 : 300;
    const char letter = static_cast<char>('a' + below(26));
    return std::string(below(most), letter);
  }

  std::string chunks(const std::string& content) {
    std::string all;
    for (std::size_t at = 0; at < content.size();) {
      const std::size_t count = std::min(content.size() - at, 1 + below(content.size()));
      std::array<char, 20> size{};
      std::snprintf(size.data(), size.size(), "%zx\r\n", count);
      all.append(size.data()).append(content, at, count).append("\r\n");
      at += count;
    }
    return all + (chance(80) ? "0\r\n\r\n" : "0\r\nDigest: x\r\n\r\n");
  }

  void mutate(std::string& bytes) {
    static const std::string odd("\0\r\n\t :;,/%\"\x7f\xff*", 14);
    for (std::size_t count = 1 + below(4); count > 0 && !bytes.empty(); --count) {
      const std::size_t at = below(std::min<std::size_t>(bytes.size(), 400));
      switch (below(4)) {
        case 0: bytes[at] = odd[below(odd.size())]; break;
        case 1: bytes.erase(at, 1 + below(4)); break;
        case 2: bytes.insert(at, 1, odd[below(odd.size())]); break;
        default: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(7))); break;
      }
    }
  }

  std::mt19937 random_;
};

// A client: sends its bytes in pieces, and sometimes resets or abandons the connection.
struct Client {
  int socket = -1;
  std::string bytes;
  std::size_t sent = 0;
};

class Round {
 public:
  Round(Chaos& chaos, bool with_faults)
      : chaos_(chaos), with_faults_(with_faults), mutates_(chaos.chance(60)) {
    world_.site.writable = true;
    if (chaos_.chance(20)) world_.site.writable = false;
    lay(world_, chaos_.any(std::vector{lab::Where::on_disk, lab::Where::in_memory,
                                       lab::Where::in_memory_by_name}));
    if (chaos_.chance(20)) world_.site.max_body = 1000;
    if (chaos_.chance(20)) world_.site.durability = Durability::data;
    if (chaos_.chance(20)) world_.site.durability = Durability::full;
    if (chaos_.chance(10)) world_.engine.set_free_bytes(5000);
    if (chaos_.chance(20)) world_.site.limits.head_bytes = 300;
    if (chaos_.chance(20)) world_.engine.split_receives(1 + chaos_.below(100));
    if (with_faults) world_.engine.set_behaviour(behaviour());
    world_.root.put("file", "zzzz");
    world_.root.put("folder/index.html", "zz");
    world_.root.put("large", std::string(BlockPool::large_bytes + 10, 'z'));
  }

  void play(std::size_t connections) {
    std::vector<Client> clients;
    while (connections > 0 || !clients.empty()) {
      while (connections > 0 && clients.size() < 8) {
        clients.push_back({.socket = world_.connect(), .bytes = chaos_.requests(mutates_)});
        --connections;
      }
      if (with_faults_) plan_fault();
      // Another server starts on this root: its sweep must not fail an upload.
      if (chaos_.chance(2)) sweep(world_.root.fd(), {});
      const std::size_t at = chaos_.below(clients.size());
      if (!act(clients[at])) clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(at));
      if (chaos_.chance(60)) world_.loop.iterate(0);
    }
    if (chaos_.chance(20)) world_.worker.drain();
    if (chaos_.chance(20)) world_.worker.connections.stop();
    world_.end();
    check();
  }

  // The number of uploads that were published, approximately.
  std::size_t stored() const {
    return world_.engine.started(OpCode::rename) + world_.engine.started(OpCode::link);
  }

 private:
  uring::Simulated::Behaviour behaviour() {
    return {.seed = static_cast<std::uint32_t>(chaos_.below(1'000'000)),
            .partial_progress = chaos_.chance(30),
            .reorders_completions = chaos_.chance(30),
            .success_beats_cancel = chaos_.chance(30),
            .ends_multishots = chaos_.chance(30),
            .most_buffers = chaos_.chance(20) ? 1 + chaos_.below(6) : 0};
  }

  void plan_fault() {
    static const std::vector<int> errors = {EIO,        ENOMEM,  EMFILE,    ENOSPC,
                                            ECONNRESET, ENOBUFS, ECANCELED, EINTR};
    const std::uint64_t number = world_.engine.started() + 1 + chaos_.below(5);
    switch (chaos_.below(20)) {
      case 0:
        world_.engine.plan_fault(number, {.error = chaos_.any(errors)});
        failed_.push_back(number);
        break;
      case 1: world_.engine.plan_fault(number, {.most = 1}); break;
      case 2:
        world_.engine.plan_fault(number,
                                 {.delay = static_cast<std::uint32_t>(1 + chaos_.below(4))});
        break;
      default: break;
    }
  }

  // The next step of a client. False: the client has ended.
  bool act(Client& client) {
    if (client.sent == client.bytes.size() || chaos_.chance(1)) {
      leave(client.socket);
      return false;
    }
    const std::size_t most = chaos_.chance(10) ? 5 : client.bytes.size();
    const std::size_t count = 1 + chaos_.below(std::min(most, client.bytes.size() - client.sent));
    world_.engine.peer_sends(client.socket,
                             std::string_view(client.bytes).substr(client.sent, count));
    client.sent += count;
    if (chaos_.chance(5)) world_.engine.peer_takes(client.socket, chaos_.below(1000));
    if (chaos_.chance(5)) world_.engine.advance_clock(5000);
    return true;
  }

  void leave(int socket) {
    const std::size_t how = chaos_.below(10);
    if (how == 0) world_.engine.peer_resets(socket);
    if (how > 1) world_.engine.peer_finishes(socket);
    if (how > 5) world_.engine.peer_takes(socket, SIZE_MAX);
  }

  void check() const {
    std::size_t unlinks_failed = 0;
    for (const std::uint64_t number : failed_) {
      if (number > world_.engine.started()) continue;
      if (world_.engine.code_of(number) == OpCode::unlink) ++unlinks_failed;
    }
    EXPECT_LE(world_.root.temporaries(), unlinks_failed);
    for (const std::string& name : world_.root.names()) {
      if (name.find(temporary_prefix) != std::string::npos) continue;
      if (!std::filesystem::is_regular_file(world_.root / name)) continue;
      const std::string content = world_.root.get(name);
      if (mutates_ || content.empty()) continue;
      EXPECT_EQ(content.find_first_not_of(content[0]), std::string::npos) << name;
    }
  }

  Chaos& chaos_;
  const bool with_faults_;
  const bool mutates_;
  lab::World world_;
  std::vector<std::uint64_t> failed_;
};

void play(unsigned seed, bool with_faults) {
  Chaos chaos(seed);
  std::size_t stored = 0;
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Round all(chaos, with_faults);
    all.play(100);
    stored += all.stored();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(stored, 500U) << "too few uploads were published for a meaningful test";
}

TEST(TenThousandConnections, leave_nothing_behind) { play(1, false); }
TEST(TenThousandConnections, leave_nothing_behind_where_things_fail) { play(2, true); }

}  // namespace
}  // namespace server
