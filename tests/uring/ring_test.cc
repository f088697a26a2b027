// The real ring: its set-up, its buffers, its files, and what it says when it cannot be.
#include "uring/ring.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <linux/openat2.h>
#include <signal.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/io.h"

namespace uring {
namespace {

using lab::Lab;
using lab::Pair;

// --- Set-up ---

using Rings = lab::OnRing;

TEST_F(Rings, SayHowTheyAreSetUp) {
  const std::string text = ring().describe();
  EXPECT_EQ(text.rfind("io_uring (", 0), 0U) << text;
  EXPECT_EQ(text.back(), ')') << text;
  EXPECT_NE(text.find("buffer ring"), std::string::npos) << text;
  const bool deferred = text.find("single issuer, deferred task work") != std::string::npos;
  const bool cooperative = text.find("cooperative task work") != std::string::npos;
  EXPECT_FALSE(deferred && cooperative) << "one set of flags, not two: " << text;
}

TEST_F(Rings, CountWhatTheyDo) {
  Pair pair;
  const int fd = pair.ours.get();
  const Counters before = ring().counters();
  EXPECT_EQ(before.operations, 0U);
  EXPECT_EQ(lab().answer([&](Io& io) { return io.send(fd, "x"); }).value, 1);
  Io io(lab().scope);
  Result result;
  const auto ask = [&](Io& i) { return i.recv_provided(fd); };
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  lab().loop.turn(0);
  io.stop();
  lab().run();
  const Counters& after = ring().counters();
  EXPECT_EQ(after.operations, 2U);
  EXPECT_EQ(after.completions, 2U);
  EXPECT_EQ(after.cancels, 1U);
  EXPECT_EQ(after.buffer_shortages, 0U);
  EXPECT_GE(after.enters, 2U);
}

TEST_F(Rings, WaitNoLongerThanAsked) {
  std::array<Completion, 4> room;
  EXPECT_EQ(ring().wait(0, room), 0U);
  const Milliseconds before = ring().now();
  EXPECT_EQ(ring().wait(20, room), 0U);
  EXPECT_GE(ring().now() - before, 19) << "and not shorter, up to the clock's grain";
}

TEST_F(Rings, HandOutNoMoreCompletionsThanThereIsRoomFor) {
  Pair pair;
  std::array<Operation, 5> operations;
  for (Operation& operation : operations) {
    operation.code = OpCode::send;
    operation.fd = pair.ours.get();
    operation.address = "x";
    operation.length = 1;
    ring().start(operation);
  }
  std::array<Completion, 2> room;
  for (const std::size_t expected : {2U, 2U, 1U}) {
    EXPECT_EQ(ring().wait(forever, room), expected);
    for (std::size_t i = 0; i < expected; ++i) EXPECT_EQ(room[i].result.value, 1);
  }
  EXPECT_EQ(ring().wait(0, room), 0U);
  EXPECT_EQ(lab::read_what_is_there(pair.theirs.get()), "xxxxx");
}

TEST_F(Rings, EndAWaitWhenASignalComes) {
  struct sigaction before {};
  struct sigaction ignoring {};
  ignoring.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &ignoring, &before);
  // Again and again: the first may come before the wait.
  itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 5000},
                  .it_value = {.tv_sec = 0, .tv_usec = 5000}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  std::array<Completion, 4> room;
  EXPECT_EQ(ring().wait(forever, room), 0U);
  EXPECT_EQ(ring().wait(lab::an_hour, room), 0U);
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

TEST(RingRefusals, AreToldInOneLineWithWhatToDo) {
  struct Row {
    int error;
    const char* says;
  };
  for (const Row& row :
       {Row{ENOSYS, "io_uring"}, Row{EINVAL, "Linux 6.1 or later"}, Row{ENOMEM, "ulimit -l"},
        Row{EMFILE, "ulimit -n"}, Row{ENFILE, "ulimit -n"}, Row{EIO, "Input/output error"}}) {
    const std::string text = explain_refusal(row.error);
    EXPECT_NE(text.find(row.says), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

TEST(RingRefusals, ForbiddenNameTheSysctlOrTheSeccompProfile) {
  std::ifstream file("/proc/sys/kernel/io_uring_disabled");
  std::string disabled;
  std::getline(file, disabled);
  const bool by_sysctl = disabled == "1" || disabled == "2";
  const std::string text = explain_refusal(EPERM);
  const char* const cause = by_sysctl ? "kernel.io_uring_disabled=0" : "seccomp profile";
  EXPECT_NE(text.find(cause), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST(RingRefusals, AreReturnedAndNotThrown) {
  Refusal refusal;
  // A queue without entries is nothing that any kernel gives.
  const std::unique_ptr<Ring> ring = Ring::create({.submission_entries = 0}, refusal);
  EXPECT_FALSE(ring);
  EXPECT_NE(refusal.error, 0);
  EXPECT_EQ(refusal.advice, explain_refusal(refusal.error));
}

// --- Buffers ---

using Buffers = lab::OnRing;

// Receives into one provided buffer and keeps it.
Task<> receive_and_hold(Lab& lab, int fd, Result& result) {
  Io io(lab.scope);
  const Result got = co_await io.recv_provided(fd);
  result = got;
}

TEST_F(Buffers, GrowForMoreConnectionsThanThereAre) {
  constexpr std::size_t count = 700;
  if (!lab::allow_descriptors(2 * count + 100)) GTEST_SKIP() << "needs 1,500 descriptors";
  std::vector<Pair> pairs(count);
  std::vector<Result> results(count);
  for (std::size_t i = 0; i < count; ++i) {
    lab::write_at_once(pairs[i].theirs.get(), std::to_string(i));
    lab().scope.spawn(receive_and_hold(lab(), pairs[i].ours.get(), results[i]));
  }
  lab().run();
  EXPECT_EQ(ring().lent_buffers(), count);
  EXPECT_GT(ring().counters().buffer_shortages, 0U);
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_TRUE(results[i].ok()) << describe(results[i].fault());
    const std::string_view bytes(ring().buffer(results[i].buffer).data(), results[i].count());
    EXPECT_EQ(bytes, std::to_string(i));
  }
  for (const Result& result : results) ring().recycle(result.buffer);
  EXPECT_EQ(ring().counters().operations, count) << "starting again is not a new operation";
  EXPECT_EQ(ring().counters().completions, count);
}

// Receives one byte `times` times from a peer that has sent them all. Keeps the buffers, or not.
Task<> receive_bytes(Lab& lab, const Pair& pair, int times, std::vector<std::uint16_t>* kept,
                     Result& last) {
  Io io(lab.scope);
  for (int i = 0; i < times; ++i) {
    lab::write_at_once(pair.theirs.get(), "x");
    const Result got = co_await io.recv_provided(pair.ours.get());
    last = got;
    if (got.buffer == no_buffer) break;
    if (kept)
      kept->push_back(got.buffer);
    else
      lab.engine().recycle(got.buffer);
  }
}

TEST_F(Buffers, RunOutOnlyAtTheirLimitAndServeAgainAfterwards) {
  Pair pair;
  Result last;
  std::vector<std::uint16_t> kept;
  constexpr int most = BufferPool::most_buffers;
  lab().scope.spawn(receive_bytes(lab(), pair, most + 1, &kept, last));
  lab().run();
  EXPECT_EQ(kept.size(), BufferPool::most_buffers);
  EXPECT_EQ(last.fault(), Fault::no_buffers) << "the caller has memory of its own for this";
  std::array<char, 4> room;
  const int fd = pair.ours.get();
  EXPECT_EQ(lab().answer([&](Io& io) { return io.recv(fd, room); }).value, 1);
  for (const std::uint16_t id : kept) ring().recycle(id);
  lab().scope.spawn(receive_bytes(lab(), pair, 100, nullptr, last));
  lab().run();
  EXPECT_EQ(last.value, 1);
}

// The buffer ring counts with 16 bits.
TEST_F(Buffers, GoRoundMoreOftenThanTheirRingCanCount) {
  Pair pair;
  Result last;
  lab().scope.spawn(receive_bytes(lab(), pair, 66'000, nullptr, last));
  lab().run();
  EXPECT_EQ(last.value, 1);
  EXPECT_EQ(ring().counters().buffer_shortages, 0U);
}

TEST_F(Buffers, GivenBackByOneAreEnoughForTheNext) {
  Pair first;
  Pair second;
  Result last;
  std::vector<std::uint16_t> kept;
  constexpr int slab = BufferPool::slab_buffers;
  lab().scope.spawn(receive_bytes(lab(), first, slab, &kept, last));
  lab().run();
  EXPECT_EQ(ring().lent_buffers(), BufferPool::slab_buffers);
  EXPECT_EQ(ring().counters().buffer_shortages, 0U);
  ring().recycle(kept.back());
  lab().scope.spawn(receive_bytes(lab(), second, 1000, nullptr, last));
  lab().run();
  EXPECT_EQ(last.value, 1);
  EXPECT_EQ(ring().counters().buffer_shortages, 0U) << "one free buffer serves one after another";
  kept.pop_back();
  for (const std::uint16_t id : kept) ring().recycle(id);
}

// A receive that found no buffer starts again unseen. One that was cancelled meanwhile must not:
// nobody would cancel it a second time.
TEST_F(Buffers, MissingDoNotHideACancellation) {
  Pair busy;
  Pair idle;
  Result last;
  std::vector<std::uint16_t> kept;
  constexpr int slab = BufferPool::slab_buffers;
  lab().scope.spawn(receive_bytes(lab(), busy, slab, &kept, last));
  lab().run();
  lab::write_at_once(busy.theirs.get(), "x");
  std::array<char, 4> room{};
  Operation first;
  first.code = OpCode::recv;
  first.fd = busy.ours.get();
  first.address = room.data();
  first.length = room.size();
  Operation second;
  second.code = OpCode::recv_provided;
  second.fd = idle.ours.get();
  ring().start(first);
  ring().start(second);
  std::array<Completion, 1> one;
  // Room for one only: what the second came to stays in the ring while it is cancelled.
  ASSERT_EQ(ring().wait(forever, one), 1U);
  ASSERT_EQ(one[0].operation, &first);
  ring().cancel(second);
  std::size_t count = 0;
  for (int i = 0; i < 20 && count == 0; ++i) count = ring().wait(50, one);
  EXPECT_EQ(count, 1U) << "the cancellation was lost";
  if (count == 0) {
    ring().cancel(second);
    while (count == 0) count = ring().wait(forever, one);
  }
  EXPECT_EQ(one[0].operation, &second);
  EXPECT_EQ(one[0].result.value, -ECANCELED);
  for (const std::uint16_t id : kept) ring().recycle(id);
}

// --- Files ---

class Files : public lab::OnRing {
 protected:
  static constexpr std::uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

  // Opens beneath the folder, closes again, and says what open answered.
  Result open(const char* path, std::uint64_t flags = O_RDONLY, std::uint64_t mode = 0) {
    const OpenHow how{.flags = flags | O_CLOEXEC, .mode = mode, .resolve = beneath};
    const int at = folder.fd();
    const Result opened = lab().answer([&](Io& io) { return io.open(at, path, how); });
    if (opened.ok()) lab().engine().close(opened.value);
    return opened;
  }

  lab::Folder folder;
};

TEST_F(Files, BeneathAFolderAreOpened) {
  folder.put("file", "content");
  std::filesystem::create_directories(folder / "a/b");
  folder.put("a/b/c", "deep");
  std::filesystem::create_symlink("b/c", folder / "a/link");
  EXPECT_TRUE(open("file").ok());
  EXPECT_TRUE(open("a/b/c").ok());
  EXPECT_TRUE(open("a/../file").ok()) << "up and down again stays inside";
  EXPECT_TRUE(open("a/link").ok()) << "a link to the inside is followed";
}

TEST_F(Files, OutsideTheFolderAreRefused) {
  const lab::Folder outside;
  outside.put("secret", "secret");
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_symlink(outside / "secret", folder / "absolute");
  std::filesystem::create_symlink("..", folder / "parent");
  std::filesystem::create_symlink("../../etc", folder / "sub/far");
  for (const char* path : {"..", "../", "../../etc/passwd", "/etc/passwd", "sub/../..", "absolute",
                           "parent", "parent/x", "sub/far/passwd"}) {
    EXPECT_EQ(open(path).fault(), Fault::outside) << path;
  }
}

TEST_F(Files, AnswerWhatIsWrongWithAName) {
  folder.put("file", "content");
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_EQ(open("missing").fault(), Fault::not_found);
  EXPECT_EQ(open("file/below").fault(), Fault::not_directory);
  EXPECT_EQ(open("sub", O_WRONLY).fault(), Fault::is_directory);
  EXPECT_EQ(open("loop").fault(), Fault::bad_name);
  EXPECT_EQ(open(std::string(300, 'x').c_str()).fault(), Fault::bad_name);
  EXPECT_EQ(open("file", O_CREAT | O_EXCL | O_WRONLY, 0600).fault(), Fault::exists);
}

TEST_F(Files, AreWrittenAndReadAtAnyOffset) {
  const int at = folder.fd();
  const OpenHow how{.flags = O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, .mode = 0640};
  const Result made = lab().answer([&](Io& io) { return io.open(at, "new", how); });
  ASSERT_TRUE(made.ok()) << describe(made.fault());
  const Fd file(made.value);
  struct stat facts {};
  ::fstat(file.get(), &facts);
  EXPECT_EQ(facts.st_mode & 0137U, 0U) << "no more rights than asked for";
  const std::string bytes = lab::pattern(1'000'000);
  Io io(lab().scope);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.write(file.get(), bytes, 5); }).count(),
            bytes.size());
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.write(file.get(), "start", 0); }).count(), 5U);
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(folder.get("new") == "start" + bytes);
  std::string room(1000, '\0');
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.read(file.get(), room, 500'005); }).count(),
            room.size());
  EXPECT_TRUE(room == bytes.substr(500'000, 1000));
  const std::uint64_t near_end = bytes.size() + 5 - 10;
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.read(file.get(), room, near_end); }).count(),
            10U);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.read(file.get(), room, 2'000'000); }).value, 0);
}

TEST_F(Files, AreReadAndWrittenAtTheirPositionToo) {
  folder.put("file", "0123456789");
  const Fd file(::openat(folder.fd(), "file", O_RDWR | O_CLOEXEC));
  std::array<char, 4> room;
  Io io(lab().scope);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.read(file.get(), room, at_position); }).value,
            4);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.write(file.get(), "xy", at_position); }).value,
            2);
  EXPECT_EQ(folder.get("file"), "0123xy6789");
}

TEST_F(Files, AreRenamedOverOthersOrNot) {
  const int at = folder.fd();
  folder.put("new", "new");
  folder.put("old", "old");
  Io io(lab().scope);
  const auto careful = [&](Io& i) { return i.rename(at, "new", at, "old", RENAME_NOREPLACE); };
  EXPECT_EQ(lab().answer(io, careful).fault(), Fault::exists);
  EXPECT_EQ(folder.get("old"), "old");
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.rename(at, "new", at, "old", 0); }).ok());
  EXPECT_EQ(folder.get("old"), "new");
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.rename(at, "new", at, "x", 0); }).fault(),
            Fault::not_found);
}

TEST_F(Files, AreLinkedUnderNamesThatAreFree) {
  const int at = folder.fd();
  folder.put("one", "text");
  Io io(lab().scope);
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.link(at, "one", at, "two"); }).ok());
  EXPECT_EQ(folder.get("two"), "text");
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.link(at, "one", at, "two"); }).fault(),
            Fault::exists);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.link(at, "none", at, "three"); }).fault(),
            Fault::not_found);
}

TEST_F(Files, AreSyncedWithTheirTimesOrWithout) {
  folder.put("file", "text");
  const Fd file(::open((folder / "file").c_str(), O_RDWR | O_CLOEXEC));
  const Fd handle(::open((folder / "file").c_str(), O_PATH | O_CLOEXEC));
  Io io(lab().scope);
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync_data(file.get()); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync(folder.fd()); }).ok());
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.sync(handle.get()); }).error(), EBADF);
}

TEST_F(Files, StandWhereSomeSpaceIsFree) {
  EXPECT_GT(ring().free_bytes(folder.fd()), 0);
  const Fd handle(::open(folder.path().c_str(), O_PATH | O_CLOEXEC));
  EXPECT_GT(ring().free_bytes(handle.get()), 0);
  EXPECT_EQ(ring().free_bytes(-1), -1);
  const Fd none(::open("/proc/self", O_RDONLY | O_CLOEXEC));  // a file system without blocks
  EXPECT_EQ(ring().free_bytes(none.get()), -1);
}

// An order from another thread: the read waits for it.
TEST_F(Files, OfEventsAreReadWhenSomebodySignalsThem) {
  const Fd event(::eventfd(0, EFD_CLOEXEC));
  Io io(lab().scope);
  std::uint64_t count = 0;
  const std::span<char> room(reinterpret_cast<char*>(&count), sizeof count);
  const auto ask = [&](Io& i) { return i.read(event.get(), room, at_position); };
  Result result{.value = -1};
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  for (int i = 0; i < 3; ++i) lab().loop.turn(0);
  EXPECT_EQ(result.value, -1);
  io.stop();  // it is no peer: nobody stops waiting for it
  lab().loop.turn(0);
  EXPECT_EQ(result.value, -1);
  EXPECT_EQ(::eventfd_write(event.get(), 7), 0);
  lab().run();
  EXPECT_EQ(result.value, 8);
  EXPECT_EQ(count, 7U);
}

TEST_F(Files, AndFoldersAreMadeAndRemoved) {
  const int at = folder.fd();
  Io io(lab().scope);
  const auto make = [&](Io& i) { return i.make_directory(at, "sub", 0750); };
  EXPECT_TRUE(lab().answer(io, make).ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder / "sub"));
  EXPECT_EQ(lab().answer(io, make).fault(), Fault::exists);
  folder.put("sub/file", "");
  const auto remove = [&](Io& i) { return i.unlink(at, "sub", AT_REMOVEDIR); };
  EXPECT_EQ(lab().answer(io, remove).fault(), Fault::not_empty);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.unlink(at, "sub", 0); }).fault(),
            Fault::is_directory);
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.unlink(at, "sub/file", 0); }).ok());
  EXPECT_TRUE(lab().answer(io, remove).ok());
  EXPECT_EQ(lab().answer(io, remove).fault(), Fault::not_found);
}

// --- Closing ---

using Closing = lab::OnRing;

TEST_F(Closing, ThroughTheRingReallyCloses) {
  Pair pair;
  const int number = pair.ours.release();
  lab().engine().close(number);
  lab().loop.turn(0);
  char byte = 0;
  EXPECT_EQ(::recv(pair.theirs.get(), &byte, 1, MSG_DONTWAIT), 0) << "the peer sees the end";
  EXPECT_LT(::fcntl(number, F_GETFD), 0);
}

TEST_F(Closing, NothingIsAnsweredToNobody) {
  lab().engine().close(1'000'000);
  EXPECT_EQ(lab().loop.turn(0), 0U);
}

// The last thing a server does is to close its connections; nobody turns the loop after it.
TEST(RingEnds, CloseWhatWasToBeClosed) {
  Refusal refusal;
  std::unique_ptr<Ring> ring = Ring::create({}, refusal);
  if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
  std::vector<Pair> pairs(10);
  for (Pair& pair : pairs) ring->close(pair.ours.release());
  ring.reset();
  for (const Pair& pair : pairs) {
    char byte = 0;
    EXPECT_EQ(::recv(pair.theirs.get(), &byte, 1, MSG_DONTWAIT), 0) << "the peer sees the end";
  }
}

TEST(RingEnds, CanBeFollowedByNewRings) {
  for (int i = 0; i < 50; ++i) {
    Refusal refusal;
    const std::unique_ptr<Ring> ring = Ring::create({}, refusal);
    if (!ring && i == 0) GTEST_SKIP() << "no ring: " << refusal.advice;
    ASSERT_TRUE(ring) << "ring " << i << ": " << refusal.advice;
    Lab lab(*ring);
    Pair pair;
    lab::write_at_once(pair.theirs.get(), "x");
    const int fd = pair.ours.get();
    const Result got = lab.answer([&](Io& io) { return io.recv_provided(fd); });
    ASSERT_EQ(got.value, 1);
    ring->recycle(got.buffer);
  }
}

}  // namespace
}  // namespace uring
