// The served directory is found again by its path when that path leads elsewhere.
#include "apps/server/files/root.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/files/file_system.h"
#include "tests/server/files/cache_fixture.h"
#include "tests/support/private_mounts.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using Change = Root::Change;

DirectoryId id_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return {.device = status.st_dev, .inode = status.st_ino};
}

DirectoryId id_of(int directory) {
  struct stat status {};
  EXPECT_TRUE(describe_file(directory, status));
  return {.device = status.st_dev, .inode = status.st_ino};
}

// A folder with the served directory in it.
class ServedRoot : public ::testing::Test {
 protected:
  ServedRoot() { fs::create_directories(path() / "a/b"); }
  fs::path path() const { return folder / "root"; }

  lab::Folder folder;
  Root root;
};

TEST_F(ServedRoot, is_opened_and_does_not_change_by_itself) {
  ASSERT_EQ(root.open(path()), 0);
  EXPECT_EQ(id_of(root.fd()), id_of(path()));
  EXPECT_EQ(root.check(), Change::none);
  folder.put("root/file", "x");
  EXPECT_EQ(root.check(), Change::none);
  EXPECT_FALSE(root.is_missing());
  EXPECT_EQ(root.path(), path());
}

// A list that allows both directories; tests/end_to_end/root_test.cc has one that does not.
TEST_F(ServedRoot, that_is_confined_is_replaced_by_a_directory_that_may_be_read) {
  ASSERT_EQ(root.open(path()), 0);
  root.confine();
  EXPECT_EQ(root.check(), Change::none);
  fs::rename(path(), folder / "other");
  EXPECT_EQ(root.check(), Change::missing);
  fs::create_directories(path());
  EXPECT_EQ(root.check(), Change::back);
  EXPECT_EQ(id_of(root.fd()), id_of(path()));
}

TEST_F(ServedRoot, that_cannot_be_opened_says_why) {
  EXPECT_EQ(root.open(folder / "none"), ENOENT);
  folder.put("file", "x");
  EXPECT_EQ(Root().open(folder / "file"), ENOTDIR);
}

TEST_F(ServedRoot, is_opened_anew_under_the_same_number_when_it_was_replaced) {
  ASSERT_EQ(root.open(path()), 0);
  const int number = root.fd();
  fs::remove_all(path());
  fs::create_directory(path());
  EXPECT_EQ(root.check(), Change::replaced);
  EXPECT_EQ(root.fd(), number);
  EXPECT_EQ(id_of(root.fd()), id_of(path()));
  EXPECT_NE(::fcntl(root.fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(root.check(), Change::none);
}

TEST_F(ServedRoot, follows_links_each_time) {
  fs::create_directory(folder / "v2");
  fs::create_directory_symlink("root", folder / "live");
  ASSERT_EQ(root.open(folder / "live"), 0);
  fs::remove(folder / "live");
  fs::create_directory_symlink("v2", folder / "live");
  EXPECT_EQ(root.check(), Change::replaced);
  EXPECT_EQ(id_of(root.fd()), id_of(folder / "v2"));
}

TEST_F(ServedRoot, is_missing_until_its_path_leads_to_a_directory_again) {
  ASSERT_EQ(root.open(path()), 0);
  fs::rename(path(), folder / "away");
  EXPECT_EQ(root.check(), Change::missing);
  EXPECT_TRUE(root.is_missing());
  EXPECT_EQ(root.error(), ENOENT);
  EXPECT_EQ(root.check(), Change::none);
  EXPECT_EQ(::openat(root.fd(), "a", O_PATH), -1);
  EXPECT_EQ(errno, ENOTDIR);
  folder.put("root", "a file");
  EXPECT_EQ(root.check(), Change::none);
  fs::remove(path());
  fs::rename(folder / "away", path());
  EXPECT_EQ(root.check(), Change::back);
  EXPECT_FALSE(root.is_missing());
  EXPECT_EQ(id_of(root.fd()), id_of(path()));
}

TEST_F(ServedRoot, stays_as_it_is_while_the_process_is_out_of_descriptors) {
  ASSERT_EQ(root.open(path()), 0);
  fs::rename(path(), folder / "away");
  fs::create_directory(path());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(root.check(), Change::none);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(root.is_missing());
  EXPECT_EQ(root.check(), Change::replaced);
}

TEST_F(ServedRoot, is_resolved_by_the_working_directory_of_its_start) {
  const lab::Folder elsewhere;
  {
    const lab::WorkingDirectory directory(folder.fd());
    ASSERT_EQ(root.open("root"), 0);
  }
  const lab::WorkingDirectory directory(elsewhere.fd());
  EXPECT_EQ(root.check(), Change::none);
  fs::remove_all(path());
  EXPECT_EQ(root.check(), Change::missing);
}

TEST_F(ServedRoot, leads_to_the_directories_that_its_path_leads_to) {
  ASSERT_EQ(root.open(path()), 0);
  const DirectoryId top = id_of(path());
  const DirectoryId below = id_of(path() / "a/b");
  EXPECT_TRUE(root.leads_to("", top));
  EXPECT_TRUE(root.leads_to("a/b", below));
  EXPECT_FALSE(root.leads_to("a", below));
  EXPECT_FALSE(root.leads_to("none", below));
  fs::rename(path() / "a/b", folder / "b");
  EXPECT_FALSE(root.leads_to("a/b", below));
  fs::create_directory(path() / "a/b");
  EXPECT_FALSE(root.leads_to("a/b", below));
  fs::rename(path(), folder / "away");
  EXPECT_FALSE(root.leads_to("", top));
  fs::create_directory(path());
  EXPECT_FALSE(root.leads_to("", top)) << "although check() was not called";
}

// ROOT and the path below it are each short enough for the kernel, but not together.
TEST_F(ServedRoot, leads_to_a_directory_of_a_long_path) {
  ASSERT_EQ(root.open(path()), 0);
  const std::string name(250, 'n');
  std::string below = name;
  uring::Fd directory(::openat(root.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < 16; ++i) {
    ASSERT_EQ(::mkdirat(directory.get(), name.c_str(), 0755), 0);
    directory.reset(::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (i > 0) below += "/" + name;
  }
  ASSERT_LT(below.size(), 4096U);
  EXPECT_TRUE(root.leads_to(below, id_of(directory.get())));
  EXPECT_FALSE(root.leads_to(below, id_of(path())));
  fs::rename(path(), folder / "away");
  fs::create_directory(path());
  EXPECT_FALSE(root.leads_to(below, id_of(directory.get())));
}

TEST_F(ServedRoot, is_to_be_checked_on_request) {
  ASSERT_EQ(root.open(path()), 0);
  pollfd ready{.fd = root.requests(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
  root.request_check();
  root.request_check();
  EXPECT_EQ(::poll(&ready, 1, 0), 1);
  std::uint64_t count = 0;
  EXPECT_EQ(::read(root.requests(), &count, sizeof count), 8);
  EXPECT_EQ(::read(root.requests(), &count, sizeof count), -1) << "it does not wait";
}

TEST_F(ServedRoot, is_replaced_by_a_mount_even_of_itself) {
  if (!test_support::enter_private_mounts()) GTEST_SKIP() << "this user may not mount";
  ASSERT_EQ(root.open(path()), 0);
  ASSERT_EQ(::mount(path().c_str(), path().c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_EQ(root.check(), Change::replaced);
  ASSERT_EQ(::umount2(path().c_str(), MNT_DETACH), 0);
  EXPECT_EQ(root.check(), Change::replaced);
}

}  // namespace
}  // namespace server
