// A sweep removes stale temporary files, and leaves links, mounts, locked files and all others.
#include "apps/server/files/sweep.h"

#include <fcntl.h>
#include <filesystem>
#include <stop_token>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/file_system.h"
#include "tests/server/writer.h"

namespace server {
namespace {

using lab::put;
using lab::without_last;

const std::string stale = ".quoit-0123456789abcdef.tmp";

SweepResult sweep_all(const lab::Folder& folder, const SweepLimits& limits = {}) {
  return sweep(folder.fd(), limits);
}

// Only on a local file system is an unlocked file removed at once.
bool has_local_folder(const lab::Folder& folder) { return is_local(folder.fd()); }

TEST(Sweeps, remove_temporaries_wherever_they_are) {
  const lab::Folder folder;
  if (!has_local_folder(folder)) GTEST_SKIP() << "the temporary folder is on no local file system";
  folder.put("file", "x");
  folder.put(stale, "x");
  folder.put("a/b/c/" + stale, "x");
  folder.put("a/.hidden/" + stale, "x");
  const SweepResult swept = sweep_all(folder);
  EXPECT_EQ(swept.removed, 3U);
  EXPECT_TRUE(swept.complete);
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a", "a/.hidden", "a/b", "a/b/c", "file"}));
}

TEST(Sweeps, leave_files_with_similar_names) {
  const lab::Folder folder;
  const std::vector<std::string> names = {
      ".quoit-",
      ".quoit-.tmp",
      ".quoit-0123456789abcde.tmp",
      ".quoit-0123456789abcdef",
      ".quoit-0123456789abcdef.tmp2",
      ".quoit-0123456789abcdef0.tmp",
      ".quoit-0123456789ABCDEF.tmp",
      ".quoit-0123456789abcdeg.tmp",
      "quoit-0123456789abcdef.tmp",
  };
  for (const std::string& name : names) {
    EXPECT_FALSE(is_temporary(name)) << name;
    folder.put(name, "x");
  }
  EXPECT_TRUE(is_temporary(stale));
  std::filesystem::create_directory(folder / ".quoit-1123456789abcdef.tmp");
  std::filesystem::create_symlink(names[0], folder / ".quoit-2123456789abcdef.tmp");
  ASSERT_EQ(::mkfifo((folder / ".quoit-3123456789abcdef.tmp").c_str(), 0600), 0);
  EXPECT_EQ(sweep_all(folder).removed, 0U);
  EXPECT_EQ(folder.names().size(), names.size() + 3);
}

TEST(Sweeps, follow_no_link_out_of_the_root) {
  const lab::Folder outside;
  const lab::Folder folder;
  outside.put(stale, "x");
  std::filesystem::create_symlink(outside.path(), folder / "link");
  std::filesystem::create_symlink(outside.path() / stale, folder / stale);
  EXPECT_EQ(sweep_all(folder).removed, 0U);
  EXPECT_TRUE(outside.has(stale));
}

TEST(Sweeps, leave_locked_files) {
  const lab::Folder folder;
  if (!has_local_folder(folder)) GTEST_SKIP() << "the temporary folder is on no local file system";
  folder.put(stale, "x");
  {
    const uring::Fd locked(::open((folder / stale).c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(locked.get(), LOCK_EX | LOCK_NB), 0);
    EXPECT_EQ(sweep_all(folder).removed, 0U);
  }
  EXPECT_EQ(sweep_all(folder).removed, 1U);
}

// The ring of a killed process ends after the process, and its lock with it.
TEST(Sweeps, remove_files_that_are_unlocked_a_little_later) {
  const lab::Folder folder;
  if (!has_local_folder(folder)) GTEST_SKIP() << "the temporary folder is on no local file system";
  folder.put(stale, "x");
  folder.put("a/" + stale, "x");
  uring::Fd locked(::open((folder / stale).c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(locked.get(), LOCK_EX | LOCK_NB), 0);
  std::jthread releases([&] {
    while (folder.has("a/" + stale)) std::this_thread::yield();  // the walk has begun
    locked.reset();
  });
  EXPECT_EQ(sweep_all(folder, {.retry_ms = 20'000}).removed, 2U);
  EXPECT_FALSE(folder.has(stale));
}

TEST(Sweeps, stop_waiting_for_locked_files_at_a_request_to_stop) {
  const lab::Folder folder;
  if (!has_local_folder(folder)) GTEST_SKIP() << "the temporary folder is on no local file system";
  folder.put(stale, "x");
  folder.put("a/" + stale, "x");
  const uring::Fd locked(::open((folder / stale).c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(locked.get(), LOCK_EX | LOCK_NB), 0);
  std::stop_source stop;
  std::jthread stops([&] {
    while (folder.has("a/" + stale)) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_EQ(sweep(folder.fd(), {.retry_ms = 600'000}, stop.get_token()).removed, 1U);
  EXPECT_TRUE(folder.has(stale));
}

TEST(Sweeps, obey_their_limits_of_depth_and_duration) {
  const lab::Folder folder;
  if (!has_local_folder(folder)) GTEST_SKIP() << "the temporary folder is on no local file system";
  folder.put(stale, "x");
  folder.put("a/" + stale, "x");
  folder.put("a/b/" + stale, "x");
  const SweepResult late = sweep_all(folder, {.duration_ms = 0});
  EXPECT_EQ(late.removed, 0U);
  EXPECT_FALSE(late.complete);
  const SweepResult shallow = sweep_all(folder, {.depth = 1});
  EXPECT_EQ(shallow.removed, 2U);
  EXPECT_FALSE(shallow.complete);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(sweep(folder.fd(), {}, stop.get_token()).removed, 0U);
  EXPECT_EQ(sweep_all(folder).removed, 1U);
}

// --- An upload and a sweep ---

class Sweeping : public lab::Writing {};

TEST_F(Sweeping, leaves_the_file_of_an_upload_in_progress) {
  const int socket = world.connect();
  world.say(socket, without_last(1, put("/new", "12")));
  EXPECT_EQ(world.root.temporaries(), 1U);
  EXPECT_EQ(sweep_all(world.root).removed, 0U);
  EXPECT_TRUE(world.say(socket, "2").starts_with("HTTP/1.1 201 "));
}

// Between any two operations of an upload.
TEST_F(Sweeping, at_any_moment_fails_no_upload) {
  for (int at = 0; at < 20; ++at) {
    const int socket = world.connect();
    world.engine.peer_sends(socket, put("/a/new", "12"));
    for (int i = 0; i < at; ++i) world.loop.iterate(0);
    sweep_all(world.root);
    world.settle();
    EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 201 ")) << at << world.heard(socket);
    world.engine.peer_finishes(socket);
    world.settle();
    std::filesystem::remove_all(world.root / "a");
  }
}

}  // namespace
}  // namespace server
