// open_in_steps(): a path is opened beneath a folder without openat2(2), and through no link.
#include "uring/open_in_steps.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

class OpenInSteps : public ::testing::Test {
 protected:
  static constexpr std::uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

  // Opens `path` beneath the folder, and closes it again. Returns 0 or the errno.
  int open(const char* path, std::uint64_t flags, std::uint64_t resolve = beneath) {
    Operation operation(OpCode::open);
    operation.fd = folder.fd();
    operation.address = path;
    operation.open_flags = flags | O_CLOEXEC;
    operation.open_mode = (flags & O_CREAT) != 0 ? 0640 : 0;
    operation.open_resolve = resolve;
    const std::int32_t result = open_in_steps(operation);
    const Fd opened(result);
    return opened.valid() ? 0 : -result;
  }

  lab::Folder folder;
};

TEST_F(OpenInSteps, OpensPathsBeneathTheFolderAndFollowsNoLink) {
  std::filesystem::create_directories(folder / "a/b");
  folder.put("a/b/c", "deep");
  std::filesystem::create_symlink("b", folder / "a/link");
  std::filesystem::create_symlink("c", folder / "a/b/link");
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

TEST_F(OpenInSteps, CreatesTheLastNameOnly) {
  std::filesystem::create_directory(folder / "sub");
  EXPECT_EQ(open("sub/new", O_CREAT | O_EXCL | O_WRONLY), 0);
  EXPECT_TRUE(std::filesystem::is_regular_file(folder / "sub/new"));
  EXPECT_EQ(open("sub/new", O_CREAT | O_EXCL | O_WRONLY), EEXIST);
  EXPECT_EQ(open("none/new", O_CREAT | O_WRONLY), ENOENT);
  EXPECT_FALSE(std::filesystem::exists(folder / "none"));
}

TEST_F(OpenInSteps, FollowsLinksWhereNothingConfinesThePath) {
  folder.put("file", "content");
  std::filesystem::create_symlink("file", folder / "link");
  EXPECT_EQ(open("link", O_RDONLY, 0), 0);
  EXPECT_EQ(open("..", O_PATH, 0), 0);
  EXPECT_EQ(open("none", O_RDONLY, 0), ENOENT);
}

TEST_F(OpenInSteps, RejectsRestrictionsThatItCannotKeep) {
  folder.put("file", "content");
  for (const std::uint64_t resolve :
       {std::uint64_t{RESOLVE_NO_XDEV}, std::uint64_t{RESOLVE_IN_ROOT},
        std::uint64_t{RESOLVE_BENEATH | RESOLVE_NO_XDEV}}) {
    EXPECT_EQ(open("file", O_RDONLY, resolve), ENOSYS);
  }
  EXPECT_EQ(open("file", O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), 0);
}

}  // namespace
}  // namespace uring
