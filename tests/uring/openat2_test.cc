// openat2(2): a descriptor or minus an errno, and what confines a path.
#include "uring/openat2.h"

#include <cerrno>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

class Openat2 : public ::testing::Test {
 protected:
  void SetUp() override {
    const Fd root(openat2(folder.fd(), ".", {.flags = O_PATH | O_CLOEXEC}));
    if (!root.valid()) GTEST_SKIP() << "no openat2 here";
  }

  lab::Folder folder;
};

TEST_F(Openat2, OpensAndMakesFilesBeneathADirectory) {
  const OpenHow how{
      .flags = O_CREAT | O_RDWR | O_CLOEXEC, .mode = 0640, .resolve = RESOLVE_BENEATH};
  const Fd made(openat2(folder.fd(), "made", how));
  ASSERT_TRUE(made.valid());
  struct stat status {};
  ASSERT_EQ(::fstat(made.get(), &status), 0);
  EXPECT_TRUE(S_ISREG(status.st_mode));
  EXPECT_EQ(status.st_mode & 0600, 0600U);
  EXPECT_EQ(::fcntl(made.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(Openat2, AnswersMinusTheErrno) {
  EXPECT_EQ(openat2(folder.fd(), "none", {.flags = O_RDONLY}), -ENOENT);
  EXPECT_EQ(openat2(-1, "none", {.flags = O_RDONLY}), -EBADF);
  EXPECT_EQ(openat2(folder.fd(), "..", {.flags = O_PATH, .resolve = RESOLVE_BENEATH}), -EXDEV);
}

TEST_F(Openat2, FindsACachedNameWithoutWaiting) {
  folder.put("file", "x");
  const Fd first(openat2(folder.fd(), "file", {.flags = O_PATH | O_CLOEXEC}));
  ASSERT_TRUE(first.valid());
  const OpenHow how{.flags = O_PATH | O_CLOEXEC, .resolve = resolve_cached};
  const int opened = openat2(folder.fd(), "file", how);
  if (opened == -EINVAL || opened == -EOPNOTSUPP) GTEST_SKIP() << "no cached look-ups here";
  const Fd second(opened);
  EXPECT_TRUE(second.valid()) << opened;
}

}  // namespace
}  // namespace uring
