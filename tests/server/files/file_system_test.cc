// Properties of file systems, and stat(2) of open files.
#include "apps/server/files/file_system.h"

#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/server/world.h"
#include "uring/fd.h"

namespace server {
namespace {

TEST(FileSystem, of_proc_is_neither_local_nor_in_memory) {
  const uring::Fd proc(::open("/proc", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(is_local(proc.get()));
  EXPECT_FALSE(is_in_memory(proc.get()));
}

TEST(FileSystem, of_no_descriptor_is_neither_local_nor_in_memory) {
  EXPECT_FALSE(is_local(-1));
  EXPECT_FALSE(is_in_memory(-1));
}

TEST(FileSystem, in_memory_is_a_local_one) {
  const uring::Fd shared(::open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!is_in_memory(shared.get())) GTEST_SKIP() << "/dev/shm is not on a tmpfs";
  EXPECT_TRUE(is_local(shared.get()));
}

TEST(FileSystem, is_known_by_whether_it_folds_names) {
  const lab::Folder root;
  root.put("name", "");
  EXPECT_EQ(may_fold_names(root.fd()), root.has("NAME"));
  EXPECT_FALSE(may_fold_names(-1)) << "nothing is known of a descriptor that is not open";
}

TEST(LinkingFiles, is_possible_if_the_kernel_permits_it) {
  const lab::Folder root;
  root.put("file", "");
  const uring::Fd file(::open((root / "file").c_str(), O_RDONLY | O_CLOEXEC));
  const bool is_linked = ::linkat(file.get(), "", root.fd(), "link", AT_EMPTY_PATH) == 0;
  EXPECT_EQ(may_link_files(file.get()), is_linked);
  EXPECT_EQ(root.has("link"), is_linked);
}

TEST(FileFacts, are_the_size_and_the_modification_time) {
  const lab::Folder root;
  root.put("file", "bytes");
  const uring::Fd file(::open((root / "file").c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  ASSERT_TRUE(describe_file(file.get(), status));
  EXPECT_EQ(status.st_size, 5);
  EXPECT_TRUE(S_ISREG(status.st_mode));
  EXPECT_EQ(facts_in(status).mtime_ns, lab::old_seconds * 1'000'000'000);
  ASSERT_TRUE(facts_of(file.get()));
  EXPECT_EQ(facts_of(file.get())->size, 5U);
  EXPECT_EQ(facts_of(file.get())->mtime_ns, lab::old_seconds * 1'000'000'000);
  EXPECT_FALSE(describe_file(-1, status));
  EXPECT_FALSE(facts_of(-1));
}

TEST(FileFacts, clamp_times_that_nanoseconds_cannot_express) {
  struct stat status {};
  status.st_mtim = {.tv_sec = INT64_MAX, .tv_nsec = 999'999'999};
  EXPECT_GT(facts_in(status).mtime_ns, INT64_MAX / 1'000'000'000 * 999'999'999);
  status.st_mtim = {.tv_sec = INT64_MIN, .tv_nsec = 0};
  EXPECT_LT(facts_in(status).mtime_ns, INT64_MIN / 1'000'000'000 * 999'999'999);
}

}  // namespace
}  // namespace server
