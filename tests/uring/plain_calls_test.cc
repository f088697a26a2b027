// Plain calls: each file operation as one system call, and the calls that refuse to wait.
#include "uring/plain_calls.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

class PlainCalls : public ::testing::Test {
 protected:
  Operation on_path(OpCode code, const char* path) const {
    Operation operation(code);
    operation.fd = folder.fd();
    operation.address = path;
    return operation;
  }
  Operation on_paths(OpCode code, const char* path, const char* second_path) const {
    Operation operation = on_path(code, path);
    operation.second_fd = folder.fd();
    operation.second_address = second_path;
    return operation;
  }
  Operation open_of(const char* path, std::uint64_t flags) const {
    Operation operation = on_path(OpCode::open, path);
    operation.open_flags = flags | O_CLOEXEC;
    return operation;
  }
  static Operation on_bytes(OpCode code, int fd, const void* bytes, std::size_t size,
                            std::uint64_t offset) {
    Operation operation(code);
    operation.fd = fd;
    operation.address = bytes;
    operation.length = static_cast<std::uint32_t>(size);
    operation.offset = offset;
    return operation;
  }

  lab::Folder folder;
};

TEST_F(PlainCalls, DoEachFileOperation) {
  Operation make = on_path(OpCode::make_directory, "sub");
  make.open_mode = 0700;
  EXPECT_EQ(call_plainly(make), 0);
  EXPECT_EQ(call_plainly(make), -EEXIST);
  Operation open = open_of("sub/file", O_CREAT | O_RDWR);
  open.open_mode = 0600;
  const Fd file(call_plainly(open));
  ASSERT_TRUE(file.valid());
  EXPECT_EQ(call_plainly(on_bytes(OpCode::write, file.get(), "text", 4, 2)), 4);
  EXPECT_EQ(call_plainly(on_bytes(OpCode::write, file.get(), "ab", 2, at_position)), 2);
  std::array<char, 8> memory{};
  EXPECT_EQ(call_plainly(on_bytes(OpCode::read, file.get(), memory.data(), 8, 0)), 6);
  EXPECT_EQ(std::string_view(memory.data(), 6), "abtext");
  EXPECT_EQ(call_plainly(on_bytes(OpCode::read, file.get(), memory.data(), 2, at_position)), 2);
  EXPECT_EQ(memory[0], 't') << "behind the write at the file position";
  Operation sync(OpCode::sync);
  sync.fd = file.get();
  EXPECT_EQ(call_plainly(sync), 0);
  sync.flags = data_only;
  EXPECT_EQ(call_plainly(sync), 0);
  EXPECT_EQ(call_plainly(on_paths(OpCode::link, "sub/file", "other")), 0);
  EXPECT_EQ(folder.get("other"), "abtext");
  EXPECT_EQ(call_plainly(on_paths(OpCode::rename, "other", "new")), 0);
  EXPECT_EQ(call_plainly(on_path(OpCode::unlink, "other")), -ENOENT);
  EXPECT_EQ(call_plainly(on_path(OpCode::unlink, "new")), 0);
  EXPECT_EQ(call_plainly(on_path(OpCode::unlink, "sub")), -EISDIR);
}

TEST_F(PlainCalls, DoNoOperationOnASocket) {
  const Operation send(OpCode::send);
  EXPECT_EQ(call_plainly(send), -EOPNOTSUPP);
  std::int32_t result = 0;
  EXPECT_FALSE(call_without_waiting(send, result));
}

// The kernel may have to look a name up again while other processes rename: hence several attempts.
TEST_F(PlainCalls, WithoutWaitingOpenCachedNamesAndReadCachedBytes) {
  folder.put("file", "content");
  const Operation open = open_of("file", O_RDONLY | O_NONBLOCK);
  std::int32_t result = -1;
  bool opened = false;
  for (int i = 0; i < 20 && !opened; ++i) opened = call_without_waiting(open, result);
  if (!opened) GTEST_SKIP() << "this file system or kernel has no cached look-ups";
  const Fd file(result);
  ASSERT_TRUE(file.valid());
  std::array<char, 8> memory{};
  const Operation read = on_bytes(OpCode::read, file.get(), memory.data(), 8, 0);
  if (call_without_waiting(read, result)) {
    EXPECT_EQ(result, 7);
  }
}

TEST_F(PlainCalls, WithoutWaitingReportErrorsThatAreCertain) {
  std::int32_t result = 0;
  bool known = false;
  for (int i = 0; i < 20 && !known; ++i) {
    known = call_without_waiting(open_of("none", O_RDONLY | O_NONBLOCK), result);
  }
  if (known) {
    EXPECT_EQ(result, -ENOENT);
  }
}

TEST_F(PlainCalls, WithoutWaitingDoNothingThatMayWait) {
  folder.put("file", "content");
  std::int32_t result = 0;
  for (const int flags : {O_CREAT | O_WRONLY, O_TRUNC | O_WRONLY, O_TMPFILE | O_WRONLY, O_RDONLY}) {
    EXPECT_FALSE(call_without_waiting(open_of("file", static_cast<std::uint64_t>(flags)), result))
        << flags;
  }
  EXPECT_EQ(folder.get("file"), "content");
  EXPECT_FALSE(call_without_waiting(on_path(OpCode::unlink, "file"), result));
  EXPECT_TRUE(std::filesystem::exists(folder / "file"));
}

TEST_F(PlainCalls, InMemoryDoAllButLeaveTheFileSystem) {
  folder.put("file", "content");
  std::int32_t result = -1;
  ASSERT_TRUE(call_in_memory(open_of("file", O_RDONLY), result) || result == -ENOSYS);
  const Fd file(result);
  EXPECT_TRUE(call_in_memory(on_path(OpCode::unlink, "none"), result));
  EXPECT_EQ(result, -ENOENT);
  const Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat outer {};
  struct stat inner {};
  if (::fstat(root.get(), &outer) != 0 || ::stat("/proc", &inner) != 0 ||
      outer.st_dev == inner.st_dev) {
    GTEST_SKIP() << "/proc is not mounted";
  }
  Operation open = open_of("proc", O_PATH);
  open.fd = root.get();
  EXPECT_FALSE(call_in_memory(open, result));
}

TEST_F(PlainCalls, WithoutWaitingReadAPipeAtItsPosition) {
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd out(ends[0]);
  const Fd in(ends[1]);
  std::array<char, 8> memory{};
  const Operation read = on_bytes(OpCode::read, out.get(), memory.data(), 8, at_position);
  const std::int32_t empty = read_without_waiting(read);
  EXPECT_TRUE(empty == -EAGAIN || empty == -EOPNOTSUPP) << empty;
  ASSERT_EQ(::write(in.get(), "word", 4), 4);
  if (empty == -EAGAIN) {
    EXPECT_EQ(read_without_waiting(read), 4);
  }
}

}  // namespace
}  // namespace uring
