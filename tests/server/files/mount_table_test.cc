// Which changes of the mount table concern a directory.
#include "apps/server/files/mount_table.h"

#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string>
#include <sys/mount.h>

#include <gtest/gtest.h>

#include "tests/server/files/cache_fixture.h"
#include "tests/support/private_mounts.h"

namespace server {
namespace {

constexpr const char* table =
    "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
    "30 28 8:1 / /srv/www/usb rw - ext4 /dev/sda1 rw\n"
    "31 28 8:2 / /srv/www2 rw - ext4 /dev/sda2 rw\n"
    "32 28 8:3 / /srv/with\\040space/x rw - ext4 /dev/sda3 rw\n";

TEST(HashOfMounts, is_that_of_the_lines_at_or_below_a_directory) {
  const std::string more = std::string(table) + "40 28 0:9 / /other rw - tmpfs tmpfs rw\n";
  const std::string below = std::string(table) + "41 30 0:9 / /srv/www/a rw - tmpfs tmpfs rw\n";
  const std::string at = std::string(table) + "42 30 0:9 / /srv/www rw - tmpfs tmpfs rw\n";
  const std::uint64_t hash = hash_of_mounts(table, "/srv/www");
  EXPECT_EQ(hash_of_mounts(more, "/srv/www"), hash);
  EXPECT_NE(hash_of_mounts(below, "/srv/www"), hash);
  EXPECT_NE(hash_of_mounts(at, "/srv/www"), hash);
  EXPECT_NE(hash_of_mounts(more, ""), hash_of_mounts(table, ""));
  EXPECT_NE(hash_of_mounts(table, "/srv/with space"), hash_of_mounts("", "/srv/with space"));
  EXPECT_EQ(hash_of_mounts(table, "/none"), hash_of_mounts("", ""));
}

TEST(HashOfMounts, is_that_of_nothing_for_lines_without_a_mount_point) {
  EXPECT_EQ(hash_of_mounts("1 2 3\n\n   \nx", "/srv"), hash_of_mounts("", "/srv"));
}

TEST(WritableMounts, are_those_below_a_directory_that_are_not_read_only) {
  constexpr std::string_view mounts =
      "20 1 8:1 / /srv rw - ext4 /dev/sda1 rw\n"
      "30 28 8:1 / /srv/www ro,nosuid - ext4 /dev/sda1 rw\n"
      "31 30 8:2 / /srv/www/a nosuid,ro - ext4 /dev/sda2 rw\n"
      "32 30 8:2 / /srv/www2/b rw,noro - ext4 /dev/sda2 rw\n"
      "33 28 8:3 / /srv/with\\040space/x rw - ext4 /dev/sda3 rw\n";
  EXPECT_FALSE(has_writable_mount(mounts, "/srv/www"));
  EXPECT_TRUE(has_writable_mount(mounts, "/srv/www2"));
  EXPECT_TRUE(has_writable_mount(mounts, "/srv/with space"));
  EXPECT_FALSE(has_writable_mount(mounts, "/srv/www2/b")) << "at the directory, not below it";
  EXPECT_TRUE(has_writable_mount(mounts, ""));
  EXPECT_FALSE(has_writable_mount("", "/srv"));
}

TEST(Mounts, below_a_directory_are_reported_once) {
  const lab::Folder folder;
  std::filesystem::create_directory(folder / "usb");
  if (!test_support::enter_private_mounts()) GTEST_SKIP() << "this user may not mount";
  MountTable mounts;
  if (mounts.fd() < 0) GTEST_SKIP() << "/proc is not mounted";
  EXPECT_TRUE(mounts.has_changed_below(folder.fd())) << "the first call";
  EXPECT_FALSE(mounts.has_changed_below(folder.fd()));
  pollfd ready{.fd = mounts.fd(), .events = POLLPRI, .revents = 0};
  ::poll(&ready, 1, 0);
  test_support::MountedMemory memory((folder / "usb").string());
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(::poll(&ready, 1, 0), 1);
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
  EXPECT_TRUE(mounts.has_changed_below(folder.fd()));
  EXPECT_FALSE(mounts.has_changed_below(folder.fd()));
  const lab::Folder other;
  const test_support::MountedMemory elsewhere(other.path().string());
  EXPECT_FALSE(mounts.has_changed_below(folder.fd()));
  memory.unmount();
  EXPECT_TRUE(mounts.has_changed_below(folder.fd()));
}

}  // namespace
}  // namespace server
