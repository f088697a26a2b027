// Helpers for uring's tests: a loop with a scope, fixtures with real engines, sockets, a folder.
//
// All runs in one thread: the peer of a connection is a second coroutine on the loop, or a plain
// call between two iterations that cannot block. So no test depends on the speed of the machine.
// Used by io_test.cc, engine_test.cc, stress_test.cc and others.
#pragma once

#include <arpa/inet.h>
#include <array>
#include <coroutine>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <ostream>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <utility>

#include <gtest/gtest.h>

#include "uring/engine.h"
#include "uring/epoll.h"
#include "uring/fd.h"
#include "uring/io.h"
#include "uring/loop.h"
#include "uring/ring.h"
#include "uring/scope.h"
#include "uring/task.h"

namespace uring::lab {

inline constexpr Milliseconds an_hour = 3'600'000;  // longer than any test; never waited for

// A loop on `engine`, and a scope for the tasks of a test.
struct Lab {
  explicit Lab(Engine& engine) : loop(engine), scope(loop) {}

  FramePool& frames() { return loop.frames(); }
  Engine& engine() const { return loop.engine(); }
  void run() { loop.run(scope); }

  // Awaits one operation of a new Io, as in result_of([&](Io& io) { return io.sync(fd); }), and
  // returns its result.
  template <typename Ask>
  Result result_of(const Ask& ask);

  // Awaits one operation of `io`.
  template <typename Ask>
  Result result_of(Io& io, const Ask& ask);

  Loop loop;
  Scope scope;
};

// Awaits one operation and stores its result.
template <typename Ask>
Task<> await_one(Lab&, Io& io, const Ask& ask, Result& result) {
  const Result got = co_await ask(io);
  result = got;
}

template <typename Ask>
Result Lab::result_of(Io& io, const Ask& ask) {
  Result result;
  scope.spawn(await_one(*this, io, ask, result));
  run();
  return result;
}

template <typename Ask>
Result Lab::result_of(const Ask& ask) {
  Io io(scope);
  return result_of(io, ask);
}

// Suspends a coroutine until open() resumes it.
struct Gate {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
  void await_resume() const noexcept {}
  void open() { std::exchange(waiter, nullptr).resume(); }

  std::coroutine_handle<> waiter;
};

// How the connection of a coroutine ended.
struct Ending {
  std::uint64_t bytes = 0;  // transferred before
  Result last;              // the result that ended it
  bool timed_out = false;
  bool ended = false;
};

// One recv that waits, so that a test can end the wait. A `timeout` of 0 sets no deadline.
// Not inline: clang 14 cannot put the data of -fsanitize=function in front of an inline coroutine.
[[maybe_unused]] static Task<> wait_for_bytes(Lab&, Io& io, int fd, Milliseconds timeout,
                                              Ending& ending) {
  std::array<char, 64> memory;
  if (timeout > 0) io.set_deadline(timeout);
  const Result got = co_await io.recv(fd, memory);
  ending.last = got;
  ending.bytes = got.count();
  ending.timed_out = io.timed_out();
  ending.ended = true;
}

// The engines that transfer real bytes: the ring with all features and without each that a kernel
// may lack, restricted to the operations that there are, and epoll.
enum class Kind : std::uint8_t {
  ring,
  ring_without_deferred_work,
  ring_without_buffer_ring,
  ring_without_multishot_accept,
  ring_without_multishot_receive,
  plainest_ring,
  restricted_ring,
  epoll,
};

inline constexpr std::array<std::string_view, 8> kind_names = {"ring",
                                                               "ring_without_deferred_work",
                                                               "ring_without_buffer_ring",
                                                               "ring_without_multishot_accept",
                                                               "ring_without_multishot_receive",
                                                               "plainest_ring",
                                                               "restricted_ring",
                                                               "epoll"};

inline std::array<Kind, kind_names.size()> all_kinds() {
  std::array<Kind, kind_names.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Kind>(i);
  return all;
}

inline std::string name_of(Kind kind) {
  return std::string(kind_names[static_cast<std::size_t>(kind)]);
}
inline void PrintTo(Kind kind, std::ostream* out) { *out << name_of(kind); }  // for GoogleTest

// The RingFeatures that are disabled.
inline unsigned missing_in(Kind kind) {
  constexpr std::array<unsigned, kind_names.size()> missing = {
      0, deferred_task_work, buffer_ring, multishot_accept, multishot_receive, ~0U, 0, 0};
  return missing[static_cast<std::size_t>(kind)];
}

// Returns null and sets `why` if the kernel or a seccomp profile refuses the engine.
inline std::unique_ptr<Engine> make_engine(Kind kind, std::string& why) {
  if (kind != Kind::epoll) {
    Refusal refusal;
    const OpCodes permitted = kind == Kind::restricted_ring ? all_op_codes : 0;
    std::unique_ptr<Engine> ring =
        Ring::create({.without = missing_in(kind), .permitted = permitted}, refusal);
    why = refusal.advice;
    return ring;
  }
  int error = 0;
  std::unique_ptr<Engine> epoll = Epoll::create({}, error);
  why = std::string(describe(fault_of(error)));
  return epoll;
}

// A test on a real engine, skipped if the machine refuses the engine. At its end every frame must
// be released and every buffer recycled.
class OnEngine : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    std::string why;
    engine_ = make_engine(GetParam(), why);
    if (!engine_) GTEST_SKIP() << "no " << name_of(GetParam()) << ": " << why;
    lab_.emplace(*engine_);
  }

  void TearDown() override {
    if (!lab_) return;
    EXPECT_EQ(lab_->frames().live(), 0U);
    EXPECT_EQ(engine_->buffers_in_use(), 0U);
  }

  Lab& lab() { return *lab_; }
  Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<Engine> engine_;
  std::optional<Lab> lab_;
};

// Runs every TEST_P of `suite` on each engine.
#define ON_EACH_ENGINE(suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(On, suite, ::testing::ValuesIn(::uring::lab::all_kinds()),    \
                           [](const ::testing::TestParamInfo<::uring::lab::Kind>& one) { \
                             return ::uring::lab::name_of(one.param);                    \
                           })

// Allows this process `count` open descriptors. False: the machine's hard limit is lower.
inline bool allow_descriptors(rlim_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return true;
  if (limit.rlim_max < count) return false;
  limit.rlim_cur = count;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// Two connected stream sockets.
struct Pair {
  Pair() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  // For tests that make many pairs on one engine: descriptors of operations are closed through it.
  void close_ours(Engine& engine) { engine.close(ours.release()); }

  Fd ours;    // for the code under test
  Fd theirs;  // for the test
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A TCP socket bound to a free port of 127.0.0.1.
inline Fd bound_socket() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(0);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

inline Fd listener() {
  Fd fd = bound_socket();
  EXPECT_EQ(::listen(fd.get(), 1024), 0);
  return fd;
}

// The address that `fd` is bound to.
inline sockaddr_in address_of(const Fd& fd) {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &bytes), 0);
  return address;
}

// A connection to `target`, whose backlog is not full: loopback connects without accept.
inline Fd connected_to(const Fd& target) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = address_of(target);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

// Reads from `fd` without waiting, up to the end of the stream.
inline std::string read_what_is_there(int fd) {
  std::string all;
  std::array<char, 4096> memory;
  for (;;) {
    const ssize_t count = ::recv(fd, memory.data(), memory.size(), MSG_DONTWAIT);
    if (count <= 0) return all;
    all.append(memory.data(), static_cast<std::size_t>(count));
  }
}

// Writes a few bytes, which fit into the socket's buffer.
inline void write_at_once(int fd, std::string_view bytes) {
  EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

// Pseudo-random bytes, so that a lost or repeated piece is detected.
inline std::string pattern(std::size_t bytes) {
  std::string all(bytes, '\0');
  std::uint32_t state = 1;
  for (char& c : all) {
    state = state * 1'664'525U + 1'013'904'223U;
    c = static_cast<char>(state >> 24);
  }
  return all;
}

// A temporary folder, removed at the end.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "/uring-XXXXXX";
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

  void put(std::string_view name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }
  std::string get(std::string_view name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path path_;
  Fd fd_;
};

}  // namespace uring::lab
