// For all tests of the server: parsed requests, a folder to serve, and the whole connection on the
// simulated engine.
//
// A World is a worker on an engine with simulated sockets and a simulated clock, and with real
// files. The test acts as the client, advances the clock, and checks at the end that nothing has
// leaked.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/connection/worker_state.h"
#include "apps/server/serve.h"
#include "parser/parse.h"
#include "uring/fd.h"
#include "uring/loop.h"
#include "uring/simulated.h"

namespace server::lab {

// A parsed request head, with the bytes that it views.
struct Request {
  explicit Request(std::string_view text) : bytes(text) {
    EXPECT_EQ(http1::parse_request(bytes, head), http1::Progress::done) << text;
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::string bytes;
  http1::RequestHead head;
};

// "METHOD TARGET HTTP/1.1" with Host and the field lines of `fields`, each with its CR LF.
inline std::string head_of(std::string_view method, std::string_view target,
                           std::string_view fields = {}) {
  std::string text(method);
  return text.append(" ").append(target).append(" HTTP/1.1\r\nHost: a\r\n").append(fields) + "\r\n";
}

// 06 Nov 1994 08:49:37, when all files of these tests were written.
inline constexpr std::int64_t old_seconds = 784'111'777;
inline constexpr std::string_view old_date = "Sun, 06 Nov 1994 08:49:37 GMT";
inline constexpr FileFacts old_facts{.size = 6, .mtime_ns = old_seconds * 1'000'000'000};
inline constexpr std::string_view old_tag = "\"ae1b981bc490a00-6\"";

inline constexpr std::uint64_t default_cache_bytes = 64 * 1024 * 1024;

// While one exists, new folders are made in memory, if there is a file system with enough space:
// for tests that make thousands of files, whose time the disk would determine. The page cache,
// mapped files and mounts are tested on the disk.
class FoldersInMemory {
 public:
  FoldersInMemory() : before_(place()) {
    constexpr std::uint64_t enough_bytes = std::uint64_t{1} << 30;
    const char* memory = "/dev/shm";
    struct statvfs space {};
    if (::access(memory, W_OK | X_OK) != 0 || ::statvfs(memory, &space) != 0) return;
    if (space.f_bavail * space.f_frsize >= enough_bytes) place() = memory;
  }
  ~FoldersInMemory() { place() = before_; }
  FoldersInMemory(const FoldersInMemory&) = delete;
  FoldersInMemory& operator=(const FoldersInMemory&) = delete;

  // The directory in which folders are made.
  static std::string& place() {
    static std::string path = ::testing::TempDir();
    return path;
  }

 private:
  const std::string before_;
};

// A temporary folder, removed by the destructor.
class Folder {
 public:
  Folder() {
    std::string name = FoldersInMemory::place() + "/quoit-server-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
    fd_.reset(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  int fd() const { return fd_.get(); }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  // Writes a file with the modification time `seconds`, and makes the directories above it.
  void put(std::string_view name, std::string_view bytes,
           std::int64_t seconds = old_seconds) const {
    const std::filesystem::path path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    set_time(name, seconds);
  }
  // Gives a file or a directory the modification time `seconds`.
  void set_time(std::string_view name, std::int64_t seconds) const {
    const std::array<timespec, 2> times{{{seconds, 0}, {seconds, 0}}};
    const std::string path = (path_ / name).string();
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  }
  std::string get(std::string_view name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool has(std::string_view name) const { return std::filesystem::exists(path_ / name); }

  // All paths in it, relative and in order.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      all.push_back(entry.path().lexically_relative(path_).string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::size_t temporaries() const {
    const std::vector<std::string> all = names();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& name) {
      return name.find(temporary_prefix) != std::string::npos;
    }));
  }

 private:
  std::filesystem::path path_;
  uring::Fd fd_;
};

// `text` with the values of Date replaced, which differ from run to run.
inline std::string without_dates(std::string_view text) {
  constexpr std::string_view field = "\r\nDate: ";
  std::string plain;
  for (std::size_t at = 0; (at = text.find(field)) != std::string_view::npos;) {
    plain.append(text.substr(0, at + field.size())).append("NOW");
    text.remove_prefix(std::min(text.size(), at + field.size() + http1::date_size));
  }
  return plain.append(text);
}

// The final statuses in a stream of responses to anything but HEAD, as far as their heads are
// whole.
inline std::vector<int> statuses_of(std::string_view stream) {
  std::vector<int> all;
  while (!stream.empty()) {
    http1::ResponseHead head;
    if (http1::parse_response(stream, head, http1::Method::get) != http1::Progress::done) break;
    if (head.status() >= 200) all.push_back(head.status());
    const std::uint64_t body = head.body().kind == http1::BodyKind::length ? head.body().length : 0;
    stream.remove_prefix(std::min<std::uint64_t>(stream.size(), head.size() + body));
  }
  return all;
}

// Pseudo-random letters, so that a lost or repeated piece changes the text.
inline std::string pattern(std::size_t bytes) {
  std::string all(bytes, '\0');
  std::uint32_t state = 1;
  for (char& c : all) {
    state = state * 1'664'525U + 1'013'904'223U;
    c = static_cast<char>('a' + (state >> 24) % 26);
  }
  return all;
}

// A worker on a simulated engine. `generation` may be changed until a connection needs it.
class World {
 public:
  // With a file cache of that size; 0: none. `counters`: of the worker, or null.
  explicit World(std::uint64_t cache_bytes = default_cache_bytes,
                 WorkerCounters* counters = nullptr)
      : generation(std::make_shared<Generation>(Generation{.cache_bytes = cache_bytes})),
        shared{.claims = claims, .generation = generation, .root = root.fd()},
        worker(shared, loop, counters) {}

  // A new connection; the peer's number.
  int connect() {
    finish_site(site);
    worker.update_policy();
    const int socket = engine.connected();
    Connection* const c = worker.admit(socket);
    if (c) start_serving(*c);
    return socket;
  }

  // Runs loop iterations, without advancing the clock, until several in a row have no event: a
  // delayed completion takes a few iterations. At most `most` iterations.
  void settle(int most = 100'000) {
    for (int quiet = 0; quiet < 8 && most > 0; --most) quiet = loop.iterate(0) > 0 ? 0 : quiet + 1;
    EXPECT_GT(most, 0) << "it spins";
  }

  void pass(uring::Milliseconds duration) {
    engine.advance_clock(duration);
    settle();
  }

  // Sends `bytes`, and returns all that the connection has received, without its dates.
  std::string say(int socket, std::string_view bytes) {
    engine.peer_sends(socket, bytes);
    settle();
    return heard(socket);
  }
  std::string heard(int socket) const { return without_dates(engine.peer_received(socket)); }

  // Sends `bytes` on a new connection, which the client then finishes. Returns the whole response.
  std::string ask(std::string_view bytes) {
    const int socket = connect();
    engine.peer_sends(socket, bytes);
    engine.peer_finishes(socket);
    settle();
    EXPECT_TRUE(engine.closed(socket));
    return heard(socket);
  }

  // Advances the clock until all connections have ended, and checks that nothing has leaked.
  void end() {
    int iterations = 0;
    while (!worker.connections.empty() && ++iterations < 3'000'000) loop.iterate(uring::forever);
    ASSERT_TRUE(worker.connections.empty()) << "a connection does not end";
    EXPECT_EQ(worker.live, 0U);
    EXPECT_EQ(worker.blocks.lent(), 0U);
    EXPECT_EQ(loop.frames().live(), 0U);
    EXPECT_EQ(engine.buffers_in_use(), 0U);
    EXPECT_EQ(engine.open_files(), 0U);
    EXPECT_EQ(engine.open_sockets(), 0U);
  }

  Folder root;
  uring::Simulated engine;
  uring::Loop loop{engine};
  Claims claims;
  std::shared_ptr<Generation> generation;
  Site& site = generation->site;
  Shared shared;
  WorkerState worker;
};

// A test with one World, which is checked for leaks at the end.
class InWorld : public ::testing::Test {
 protected:
  explicit InWorld(std::uint64_t cache_bytes = default_cache_bytes) : world(cache_bytes) {}
  void TearDown() override {
    world.end();
    EXPECT_EQ(world.root.temporaries(), 0U);
  }
  World world;
};

}  // namespace server::lab
