// Files through real engines: opened beneath a folder, written, renamed, never cancelled.
#include <array>
#include <cerrno>
#include <filesystem>
#include <linux/openat2.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "uring/io.h"
#include "uring/open_in_steps.h"

namespace uring {
namespace {

using lab::Lab;

class Files : public lab::OnEngine {
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
ON_EACH_ENGINE(Files);

TEST_P(Files, BeneathAFolderAreOpened) {
  folder.put("file", "content");
  std::filesystem::create_directories(folder / "a/b");
  folder.put("a/b/c", "deep");
  std::filesystem::create_symlink("b/c", folder / "a/link");
  EXPECT_TRUE(open("file").ok());
  EXPECT_TRUE(open("a/b/c").ok());
  EXPECT_TRUE(open("a/../file").ok()) << "up and down again stays inside";
  EXPECT_TRUE(open("a/link").ok()) << "a link to the inside is followed";
}

TEST_P(Files, OutsideTheFolderAreRefused) {
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

// As on kernels without openat2.
TEST(FilesInSteps, AreOpenedBeneathAFolderAndThroughNoLink) {
  const lab::Folder folder;
  std::filesystem::create_directories(folder / "a/b");
  folder.put("a/b/c", "deep");
  std::filesystem::create_symlink("b", folder / "a/link");
  std::filesystem::create_symlink("c", folder / "a/b/link");
  const auto open = [&](const char* path, std::uint64_t flags) {
    Operation operation;
    operation.code = OpCode::open;
    operation.fd = folder.fd();
    operation.address = path;
    operation.open_flags = flags | O_CLOEXEC;
    operation.open_resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const std::int32_t answer = open_in_steps(operation);
    if (answer >= 0) ::close(answer);
    return answer >= 0 ? 0 : -answer;
  };
  for (const std::uint64_t flags : {std::uint64_t{O_RDONLY}, std::uint64_t{O_PATH}}) {
    for (const char* path : {"a/b/c", "a//b///c", "./a/./b/c", ".", "a", "a/", "a/b/."}) {
      EXPECT_EQ(open(path, flags), 0) << path;
    }
    for (const char* path : {"a/b/link", "..", "a/../a", "/", "/etc/passwd", "a/b/../c"}) {
      EXPECT_EQ(open(path, flags), EXDEV) << path;
    }
    EXPECT_EQ(open("a/link/c", flags), ENOTDIR);
    EXPECT_EQ(open("a/b/c/", flags), ENOTDIR);
    EXPECT_EQ(open("a/b/c/d", flags), ENOTDIR);
    EXPECT_EQ(open("none", flags), ENOENT);
    EXPECT_EQ(open("none/c", flags), ENOENT);
    EXPECT_EQ(open("", flags), ENOENT);
    EXPECT_EQ(open(std::string(300, 'x').c_str(), flags), ENAMETOOLONG);
  }
}

TEST_P(Files, AnswerWhatIsWrongWithAName) {
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

TEST_P(Files, AreWrittenAndReadAtAnyOffset) {
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

TEST_P(Files, AreReadAndWrittenAtTheirPositionToo) {
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

TEST_P(Files, AreRenamedOverOthersOrNot) {
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

TEST_P(Files, AreLinkedUnderNamesThatAreFree) {
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

TEST_P(Files, AreSyncedWithTheirTimesOrWithout) {
  folder.put("file", "text");
  const Fd file(::open((folder / "file").c_str(), O_RDWR | O_CLOEXEC));
  const Fd handle(::open((folder / "file").c_str(), O_PATH | O_CLOEXEC));
  Io io(lab().scope);
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync_data(file.get()); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync(folder.fd()); }).ok());
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.sync(handle.get()); }).error(), EBADF);
}

TEST_P(Files, StandWhereSomeSpaceIsFree) {
  EXPECT_GT(engine().free_bytes(folder.fd()), 0);
  const Fd handle(::open(folder.path().c_str(), O_PATH | O_CLOEXEC));
  EXPECT_GT(engine().free_bytes(handle.get()), 0);
  EXPECT_EQ(engine().free_bytes(-1), -1);
  const Fd none(::open("/proc/self", O_RDONLY | O_CLOEXEC));  // a file system without blocks
  EXPECT_EQ(engine().free_bytes(none.get()), -1);
}

// An order from another thread: the read waits for it.
TEST_P(Files, OfEventsAreReadWhenSomebodySignalsThem) {
  const Fd event(::eventfd(0, EFD_CLOEXEC));
  Io io(lab().scope);
  std::uint64_t count = 0;
  const std::span<char> room(reinterpret_cast<char*>(&count), sizeof count);
  const auto ask = [&](Io& i) { return i.read(event.get(), room, at_position); };
  Result result{.value = -1};
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  for (int i = 0; i < 3; ++i) lab().loop.iterate(0);
  EXPECT_EQ(result.value, -1);
  io.stop();  // it is no peer: nobody stops waiting for it
  lab().loop.iterate(0);
  EXPECT_EQ(result.value, -1);
  EXPECT_EQ(::eventfd_write(event.get(), 7), 0);
  lab().run();
  EXPECT_EQ(result.value, 8);
  EXPECT_EQ(count, 7U);
}

TEST_P(Files, InMemoryAreWrittenWithoutATurn) {
  const int at = folder.fd();
  Io io(lab().scope);
  io.do_files_at_once(true);
  const std::uint64_t before = lab().loop.iterations();
  const OpenHow how{
      .flags = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, .mode = 0600, .resolve = beneath};
  const Result made = lab().answer(io, [&](Io& i) { return i.open(at, "new", how); });
  ASSERT_TRUE(made.ok()) << describe(made.fault());
  const Fd file(made.value);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.write(file.get(), "some", 0); }).value, 4);
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.write(file.get(), "more", 4); }).value, 4);
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.make_directory(at, "sub", 0700); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.rename(at, "new", at, "sub/a", 0); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.link(at, "sub/a", at, "b"); }).ok());
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.unlink(at, "sub/a", 0); }).ok());
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.unlink(at, "sub/a", 0); }).error(), ENOENT);
  EXPECT_EQ(lab().loop.iterations(), before);
  EXPECT_EQ(folder.get("b"), "somemore");
  io.stop();  // what waits for nobody goes on
  EXPECT_TRUE(lab().answer(io, [&](Io& i) { return i.unlink(at, "b", 0); }).ok());
}

TEST_P(Files, ThatAreNotInMemoryAfterAllAreOpenedInTurn) {
  const Fd devices(::open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat outer {};
  struct stat inner {};
  if (::fstat(devices.get(), &outer) != 0 || ::stat("/dev/shm", &inner) != 0 ||
      outer.st_dev == inner.st_dev) {
    GTEST_SKIP() << "no file system is mounted there";
  }
  const OpenHow how{.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .mode = 0, .resolve = beneath};
  Io io(lab().scope);
  io.do_files_at_once(true);
  const std::uint64_t before = lab().loop.iterations();
  const Result opened = lab().answer(io, [&](Io& i) { return i.open(devices.get(), "shm", how); });
  EXPECT_TRUE(opened.ok()) << describe(opened.fault());
  if (opened.ok()) engine().close(opened.value);
  EXPECT_GT(lab().loop.iterations(), before);
  const int at = devices.get();
  EXPECT_EQ(lab().answer(io, [&](Io& i) { return i.open(at, "shm/../..", how); }).fault(),
            Fault::outside);
}

TEST_P(Files, WithoutANameAreGivenOne) {
  const int at = folder.fd();
  const OpenHow how{.flags = O_TMPFILE | O_WRONLY | O_CLOEXEC, .mode = 0600, .resolve = beneath};
  const Result made = lab().answer([&](Io& io) { return io.open(at, ".", how); });
  if (made.fault() == Fault::unsupported) GTEST_SKIP() << "every file has a name here";
  ASSERT_TRUE(made.ok()) << describe(made.fault());
  const Fd file(made.value);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  const auto link = [&](Io& io) { return io.link_file(file.get(), at, "name"); };
  const Result linked = lab().answer(link);
  if (linked.fault() == Fault::not_found) GTEST_SKIP() << "this process lacks the rights";
  EXPECT_TRUE(linked.ok()) << describe(linked.fault());
  EXPECT_TRUE(std::filesystem::exists(folder / "name"));
  EXPECT_EQ(lab().answer(link).fault(), Fault::exists);
  const auto rename = [&](Io& io) { return io.link(at, "name", at, "other"); };
  EXPECT_TRUE(lab().answer(rename).ok());
}

TEST_P(Files, AndFoldersAreMadeAndRemoved) {
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

}  // namespace
}  // namespace uring
