// Opening paths beneath the root: what is found, what is refused, and what is tried again.
#include "apps/server/files/open.h"

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/server/files/cache_fixture.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using uring::Fault;

// `done` is set at the end.
uring::Task<> open_into(uring::Io& io, int root, const char* path, Found& found, bool& done) {
  const std::uint64_t flags = O_RDONLY | O_NONBLOCK;
  const Found opened = co_await open_beneath(io, root, path, flags);
  found = opened;
  done = true;
}

class Opening : public ::testing::Test {
 protected:
  ~Opening() override { EXPECT_EQ(engine.open_files(), 0U); }

  Found open(const char* path) {
    Found found;
    bool done = false;
    scope.spawn(open_into(io, root.fd(), path, found, done));
    for (int i = 0; !done && i < 1000; ++i) loop.iterate(0);
    EXPECT_TRUE(done);
    return found;
  }

  lab::Folder root;
  FileCache files{root.fd(), {}};
  uring::Simulated engine;
  uring::Loop loop{engine};
  uring::Scope scope{loop};
  uring::Io io{scope};
};

TEST_F(Opening, finds_a_file_with_its_facts) {
  root.put("a/file", "bytes");
  Found found = open("a/file");
  EXPECT_EQ(found.fault, Fault::none);
  EXPECT_FALSE(found.is_directory);
  EXPECT_EQ(found.facts.size, 5U);
  EXPECT_EQ(found.facts.mtime_seconds(), lab::old_seconds);
  ASSERT_GE(found.fd, 0);
  EXPECT_EQ(::fcntl(found.fd, F_GETFL) & O_NONBLOCK, 0) << "reads shall wait";
  EXPECT_NE(::fcntl(found.fd, F_GETFD) & FD_CLOEXEC, 0);
  discard(engine, files, found, Fault::none);
  EXPECT_EQ(found.fd, -1);
}

TEST_F(Opening, finds_a_directory) {
  fs::create_directory(root / "folder");
  Found found = open("folder");
  EXPECT_EQ(found.fault, Fault::none);
  EXPECT_TRUE(found.is_directory);
  EXPECT_GE(found.fd, 0);
  discard(engine, files, found, Fault::not_found);
  EXPECT_EQ(found.fault, Fault::not_found);
}

TEST_F(Opening, refuses_special_files) {
  ASSERT_EQ(::mkfifo((root / "fifo").c_str(), 0600), 0);
  const Found found = open("fifo");
  EXPECT_EQ(found.fault, Fault::not_allowed);
  EXPECT_EQ(found.fd, -1);
}

TEST_F(Opening, reports_missing_paths_and_paths_that_leave_the_root) {
  root.put("file", "");
  fs::create_symlink("/etc/passwd", root / "absolute");
  fs::create_symlink("../..", root / "above");
  EXPECT_EQ(open("none").fault, Fault::not_found);
  EXPECT_EQ(open("absolute").fault, Fault::outside);
  EXPECT_EQ(open("above").fault, Fault::outside);
  EXPECT_EQ(open("..").fault, Fault::outside);
  EXPECT_EQ(open("none").fd, -1);
}

// openat2(2) fails with EAGAIN while files are renamed.
TEST_F(Opening, is_tried_again_while_files_are_renamed) {
  root.put("file", "bytes");
  const std::uint64_t first = engine.started() + 1;
  for (std::uint64_t i = 0; i + 1 < most_open_attempts; ++i) {
    engine.plan_fault(first + i, {.error = EAGAIN});
  }
  Found found = open("file");
  EXPECT_EQ(found.fault, Fault::none);
  discard(engine, files, found, Fault::none);
}

TEST_F(Opening, is_given_up_after_too_many_attempts) {
  root.put("file", "bytes");
  const std::uint64_t first = engine.started() + 1;
  for (std::uint64_t i = 0; i < most_open_attempts; ++i) {
    engine.plan_fault(first + i, {.error = EAGAIN});
  }
  const Found found = open("file");
  EXPECT_EQ(found.fault, Fault::try_again);
  EXPECT_EQ(found.fd, -1);
}

TEST_F(Opening, is_undone_by_discard_for_a_cached_file_as_well) {
  if (!is_local(root.fd())) GTEST_SKIP() << "files of this file system are not cached";
  root.put("file", "bytes");
  CachedFile* const cached = lab::load_if_admitted(files, "file");
  ASSERT_NE(cached, nullptr);
  FileCache::pin(*cached);
  Found found{.cached = cached};
  discard(engine, files, found, Fault::not_allowed);
  EXPECT_EQ(found.cached, nullptr);
  EXPECT_EQ(found.fault, Fault::not_allowed);
  EXPECT_FALSE(cached->is_pinned());
}

}  // namespace
}  // namespace server
