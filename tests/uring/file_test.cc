// File operations on real engines: opened beneath a folder, written, renamed, never cancelled.
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

namespace uring {
namespace {

using lab::Lab;

class Files : public lab::OnEngine {
 protected:
  static constexpr std::uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

  // Opens beneath the folder, and closes again. Returns the result of the open.
  Result open(const char* path, std::uint64_t flags = O_RDONLY, std::uint64_t mode = 0) {
    const OpenHow how{.flags = flags | O_CLOEXEC, .mode = mode, .resolve = beneath};
    const int at = folder.fd();
    const Result opened = lab().result_of([&](Io& io) { return io.open(at, path, how); });
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

TEST_P(Files, ReportTheErrorOfAName) {
  folder.put("file", "content");
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_EQ(open("missing").fault(), Fault::not_found);
  EXPECT_EQ(open("file/below").fault(), Fault::not_directory);
  EXPECT_EQ(open("sub", O_WRONLY).fault(), Fault::is_directory);
  EXPECT_EQ(open("loop").fault(), Fault::link_loop);
  EXPECT_EQ(open(std::string(300, 'x').c_str()).fault(), Fault::bad_name);
  EXPECT_EQ(open("file", O_CREAT | O_EXCL | O_WRONLY, 0600).fault(), Fault::exists);
}

TEST_P(Files, AreWrittenAndReadAtAnyOffset) {
  const int at = folder.fd();
  const OpenHow how{.flags = O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, .mode = 0640};
  const Result made = lab().result_of([&](Io& io) { return io.open(at, "new", how); });
  ASSERT_TRUE(made.ok()) << describe(made.fault());
  const Fd file(made.value);
  struct stat facts {};
  ::fstat(file.get(), &facts);
  EXPECT_EQ(facts.st_mode & 0137U, 0U) << "no more rights than asked for";
  const std::string bytes = lab::pattern(1'000'000);
  Io io(lab().scope);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.write(file.get(), bytes, 5); }).count(),
            bytes.size());
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.write(file.get(), "start", 0); }).count(),
            5U);
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(folder.get("new") == "start" + bytes);
  std::string memory(1000, '\0');
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.read(file.get(), memory, 500'005); }).count(),
            memory.size());
  EXPECT_TRUE(memory == bytes.substr(500'000, 1000));
  const std::uint64_t near_end = bytes.size() + 5 - 10;
  EXPECT_EQ(
      lab().result_of(io, [&](Io& i) { return i.read(file.get(), memory, near_end); }).count(),
      10U);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.read(file.get(), memory, 2'000'000); }).value,
            0);
}

TEST_P(Files, AreAlsoReadAndWrittenAtTheirPosition) {
  folder.put("file", "0123456789");
  const Fd file(::openat(folder.fd(), "file", O_RDWR | O_CLOEXEC));
  std::array<char, 4> memory;
  Io io(lab().scope);
  EXPECT_EQ(
      lab().result_of(io, [&](Io& i) { return i.read(file.get(), memory, at_position); }).value, 4);
  EXPECT_EQ(
      lab().result_of(io, [&](Io& i) { return i.write(file.get(), "xy", at_position); }).value, 2);
  EXPECT_EQ(folder.get("file"), "0123xy6789");
}

TEST_P(Files, AreRenamedOverOtherFilesOnlyOnRequest) {
  const int at = folder.fd();
  folder.put("new", "new");
  folder.put("old", "old");
  Io io(lab().scope);
  const auto careful = [&](Io& i) { return i.rename(at, "new", at, "old", RENAME_NOREPLACE); };
  EXPECT_EQ(lab().result_of(io, careful).fault(), Fault::exists);
  EXPECT_EQ(folder.get("old"), "old");
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.rename(at, "new", at, "old", 0); }).ok());
  EXPECT_EQ(folder.get("old"), "new");
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.rename(at, "new", at, "x", 0); }).fault(),
            Fault::not_found);
}

TEST_P(Files, AreLinkedUnderNamesThatAreFree) {
  const int at = folder.fd();
  folder.put("one", "text");
  Io io(lab().scope);
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.link(at, "one", at, "two"); }).ok());
  EXPECT_EQ(folder.get("two"), "text");
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.link(at, "one", at, "two"); }).fault(),
            Fault::exists);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.link(at, "none", at, "three"); }).fault(),
            Fault::not_found);
}

TEST_P(Files, AreSyncedWithOrWithoutTheirTimes) {
  folder.put("file", "text");
  const Fd file(::open((folder / "file").c_str(), O_RDWR | O_CLOEXEC));
  const Fd handle(::open((folder / "file").c_str(), O_PATH | O_CLOEXEC));
  Io io(lab().scope);
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.sync_data(file.get()); }).ok());
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.sync(folder.fd()); }).ok());
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.sync(handle.get()); }).error(), EBADF);
}

// Other threads signal such a descriptor to wake the loop.
TEST_P(Files, OfEventsAreReadWhenTheyAreSignalled) {
  const Fd event(::eventfd(0, EFD_CLOEXEC));
  Io io(lab().scope);
  std::uint64_t count = 0;
  const std::span<char> memory(reinterpret_cast<char*>(&count), sizeof count);
  const auto ask = [&](Io& i) { return i.read(event.get(), memory, at_position); };
  Result result{.value = -1};
  lab().scope.spawn(lab::await_one(lab(), io, ask, result));
  for (int i = 0; i < 3; ++i) lab().loop.iterate(0);
  EXPECT_EQ(result.value, -1);
  io.stop();  // ends waits for peers only
  lab().loop.iterate(0);
  EXPECT_EQ(result.value, -1);
  EXPECT_EQ(::eventfd_write(event.get(), 7), 0);
  lab().run();
  EXPECT_EQ(result.value, 8);
  EXPECT_EQ(count, 7U);
}

TEST_P(Files, InMemoryAreWrittenWithoutALoopIteration) {
  const int at = folder.fd();
  Io io(lab().scope);
  io.do_files_at_once(true);
  const std::uint64_t before = lab().loop.iterations();
  const OpenHow how{
      .flags = O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, .mode = 0600, .resolve = beneath};
  const Result made = lab().result_of(io, [&](Io& i) { return i.open(at, "new", how); });
  ASSERT_TRUE(made.ok()) << describe(made.fault());
  const Fd file(made.value);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.write(file.get(), "some", 0); }).value, 4);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.write(file.get(), "more", 4); }).value, 4);
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.sync(file.get()); }).ok());
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.make_directory(at, "sub", 0700); }).ok());
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.rename(at, "new", at, "sub/a", 0); }).ok());
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.link(at, "sub/a", at, "b"); }).ok());
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.unlink(at, "sub/a", 0); }).ok());
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.unlink(at, "sub/a", 0); }).error(), ENOENT);
  EXPECT_EQ(lab().loop.iterations(), before);
  EXPECT_EQ(folder.get("b"), "somemore");
  io.stop();  // file operations continue
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.unlink(at, "b", 0); }).ok());
}

TEST_P(Files, AreReadAndWrittenByPlainCallsWhereTheThreadMayWait) {
  const int at = folder.fd();
  const OpenHow how{.flags = O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, .mode = 0600};
  Io io(lab().scope);
  io.call_files_plainly(true);
  const std::uint64_t before = lab().loop.iterations();
  const Result made = lab().result_of(io, [&](Io& i) { return i.open(at, "new", how); });
  ASSERT_TRUE(made.ok()) << describe(made.fault());
  std::array<char, 8> memory{};
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.write(made.value, "some", 0); }).value, 4);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.read(made.value, memory, 0); }).value, 4);
  EXPECT_STREQ(memory.data(), "some");
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.rename(at, "new", at, "old", 0); }).ok());
  EXPECT_EQ(lab().loop.iterations(), before);
  EXPECT_EQ(folder.get("old"), "some");
  io.call_files_plainly(false);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.read(made.value, memory, 2); }).value, 2);
  EXPECT_GT(lab().loop.iterations(), before);
  engine().close(made.value);
}

TEST_P(Files, OnAnotherFileSystemAreOpenedByTheLoop) {
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
  const Result opened =
      lab().result_of(io, [&](Io& i) { return i.open(devices.get(), "shm", how); });
  EXPECT_TRUE(opened.ok()) << describe(opened.fault());
  if (opened.ok()) engine().close(opened.value);
  EXPECT_GT(lab().loop.iterations(), before);
  const int at = devices.get();
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.open(at, "shm/../..", how); }).fault(),
            Fault::outside);
}

TEST_P(Files, WithoutANameCanBeLinked) {
  const int at = folder.fd();
  const OpenHow how{.flags = O_TMPFILE | O_WRONLY | O_CLOEXEC, .mode = 0600, .resolve = beneath};
  const Result made = lab().result_of([&](Io& io) { return io.open(at, ".", how); });
  if (made.fault() == Fault::unsupported) GTEST_SKIP() << "this file system has no unnamed files";
  ASSERT_TRUE(made.ok()) << describe(made.fault());
  const Fd file(made.value);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  const auto link = [&](Io& io) { return io.link_file(file.get(), at, "name"); };
  const Result linked = lab().result_of(link);
  if (linked.fault() == Fault::not_found) GTEST_SKIP() << "this process lacks the rights";
  EXPECT_TRUE(linked.ok()) << describe(linked.fault());
  EXPECT_TRUE(std::filesystem::exists(folder / "name"));
  EXPECT_EQ(lab().result_of(link).fault(), Fault::exists);
  const auto rename = [&](Io& io) { return io.link(at, "name", at, "other"); };
  EXPECT_TRUE(lab().result_of(rename).ok());
}

TEST_P(Files, AndFoldersAreMadeAndRemoved) {
  const int at = folder.fd();
  Io io(lab().scope);
  const auto make = [&](Io& i) { return i.make_directory(at, "sub", 0750); };
  EXPECT_TRUE(lab().result_of(io, make).ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder / "sub"));
  EXPECT_EQ(lab().result_of(io, make).fault(), Fault::exists);
  folder.put("sub/file", "");
  const auto remove = [&](Io& i) { return i.unlink(at, "sub", AT_REMOVEDIR); };
  EXPECT_EQ(lab().result_of(io, remove).fault(), Fault::not_empty);
  EXPECT_EQ(lab().result_of(io, [&](Io& i) { return i.unlink(at, "sub", 0); }).fault(),
            Fault::is_directory);
  EXPECT_TRUE(lab().result_of(io, [&](Io& i) { return i.unlink(at, "sub/file", 0); }).ok());
  EXPECT_TRUE(lab().result_of(io, remove).ok());
  EXPECT_EQ(lab().result_of(io, remove).fault(), Fault::not_found);
}

}  // namespace
}  // namespace uring
