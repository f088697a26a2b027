// Opening paths beneath the root: what is found, what is refused, and what is tried again.
#include "apps/server/files/open.h"

#include <cerrno>
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
uring::Task<> open_into(uring::Io& io, FileCache& files, const char* path, Found& found,
                        bool& done) {
  const std::uint64_t flags = O_RDONLY | O_NONBLOCK;
  const Found opened = co_await open_beneath(io, files, path, flags);
  found = opened;
  done = true;
}

class Opening : public ::testing::Test {
 protected:
  ~Opening() override { EXPECT_EQ(engine.open_files(), 0U); }

  Found open(const char* path) {
    Found found;
    bool done = false;
    scope.spawn(open_into(io, files, path, found, done));
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

// By ESTALE a network file system asks for a new look-up of the path.
TEST_F(Opening, is_tried_again_a_few_times_after_estale) {
  root.put("file", "bytes");
  std::uint64_t first = engine.started() + 1;
  for (std::uint64_t i = 0; i < 3; ++i) engine.plan_fault(first + i, {.error = ESTALE});
  Found found = open("file");
  EXPECT_EQ(found.fault, Fault::none);
  discard(engine, files, found, Fault::none);
  first = engine.started() + 1;
  for (std::uint64_t i = 0; i < 100; ++i) engine.plan_fault(first + i, {.error = ESTALE});
  EXPECT_EQ(open("file").fault, Fault::stale);
  EXPECT_LT(engine.started(), first + 10);
}

TEST_F(Opening, closes_cached_files_when_the_process_is_out_of_descriptors) {
  if (!is_local(root.fd())) GTEST_SKIP() << "files of this file system are not cached";
  root.put("file", "bytes");
  root.put("large", lab::pattern(FileCache::Limits{}.body_bytes + 1));
  ASSERT_NE(lab::load_if_admitted(files, "large"), nullptr);
  engine.plan_fault(engine.started() + 1, {.error = EMFILE});
  Found found = open("file");
  EXPECT_EQ(found.fault, Fault::none);
  EXPECT_EQ(files.open_files(), 0U);
  discard(engine, files, found, Fault::none);
  engine.plan_fault(engine.started() + 1, {.error = EMFILE});
  EXPECT_EQ(open("file").fault, Fault::out_of_descriptors) << "there is nothing to close";
}

TEST_F(Opening, tells_a_loop_of_links_from_other_faults) {
  fs::create_symlink("loop", root / "loop");
  EXPECT_EQ(open("loop").fault, Fault::link_loop);
  EXPECT_EQ(open("loop/below").fault, Fault::link_loop);
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
