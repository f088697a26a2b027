// Invalidation by inotify: no lookup returns an entry that a change has outdated, whatever the
// change.
#include <array>
#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/files/file_cache.h"
#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::exchange;
using lab::From;
using lab::large_bytes;
using lab::open_file;
using lab::pattern;
using lab::small_bodies;
using lab::small_bytes;
using lab::touch;
using lab::used_resources;
using lab::write_to;
using uring::Fd;

// A change of the folder by another process. `writer` was opened for writing before the file was
// loaded.
struct FolderChange {
  const char* name;
  void (*make)(const lab::Folder& root, int writer);
};
std::ostream& operator<<(std::ostream& out, const FolderChange& change) {
  return out << change.name;
}

// The file is "a/b/file" with a second name "links/same"; "a/b/spare" is another file, "spare/" a
// folder with another "b/file" in it.
const FolderChange changes[] = {
    {"is_written",
     [](const auto& root, int) { write_to(open_file(root / "a/b/file", O_WRONLY).get()); }},
    {"is_written_by_a_process_that_had_it_open", [](const auto&, int writer) { write_to(writer); }},
    {"is_appended_to",
     [](const auto& root, int) {
       const Fd fd = open_file(root / "a/b/file", O_WRONLY | O_APPEND);
       EXPECT_EQ(::write(fd.get(), "X", 1), 1);
     }},
    {"is_opened_to_be_emptied",
     [](const auto& root, int) { open_file(root / "a/b/file", O_WRONLY | O_TRUNC); }},
    {"is_truncated",
     [](const auto& root, int) { EXPECT_EQ(::truncate((root / "a/b/file").c_str(), 9), 0); }},
    {"is_truncated_by_a_process_that_had_it_open",
     [](const auto&, int writer) { EXPECT_EQ(::ftruncate(writer, 9), 0); }},
    {"grows", [](const auto&, int writer) { EXPECT_EQ(::ftruncate(writer, 1'000'000), 0); }},
    {"is_allocated",
     [](const auto&, int writer) { EXPECT_EQ(::posix_fallocate(writer, 0, 90'000), 0); }},
    {"is_copied_to_by_the_kernel",
     [](const auto& root, int writer) {
       const Fd from = open_file(root / "a/b/spare", O_RDONLY);
       EXPECT_EQ(::copy_file_range(from.get(), nullptr, writer, nullptr, 5, 0), 5);
     }},
    {"is_sent_to_by_the_kernel",
     [](const auto& root, int writer) {
       const Fd from = open_file(root / "a/b/spare", O_RDONLY);
       EXPECT_EQ(::sendfile(writer, from.get(), nullptr, 5), 5);
     }},
    {"is_spliced_to",
     [](const auto&, int writer) {
       std::array<int, 2> pipe{};
       ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
       const Fd out(pipe[0]);
       const Fd in(pipe[1]);
       ASSERT_EQ(::write(in.get(), "splice", 6), 6);
       EXPECT_EQ(::splice(out.get(), nullptr, writer, nullptr, 6, 0), 6);
     }},
    {"was_mapped_and_written_and_is_unmapped",
     [](const auto& root, int) {
       Fd fd = open_file(root / "a/b/file", O_RDWR);
       void* const memory = ::mmap(nullptr, 10, PROT_WRITE, MAP_SHARED, fd.get(), 0);
       ASSERT_NE(memory, MAP_FAILED);
       fd.reset();
       *static_cast<char*>(memory) = 'X';
       EXPECT_EQ(::munmap(memory, 10), 0);
     }},
    {"is_written_by_another_name_in_another_folder",
     [](const auto& root, int) { write_to(open_file(root / "links/same", O_WRONLY).get()); }},
    {"is_replaced",
     [](const auto& root, int) { fs::rename(root / "a/b/spare", root / "a/b/file"); }},
    {"is_replaced_from_another_folder",
     [](const auto& root, int) { fs::rename(root / "spare/b/file", root / "a/b/file"); }},
    {"is_exchanged",
     [](const auto& root, int) { exchange(root / "a/b/spare", root / "a/b/file"); }},
    {"is_exchanged_with_a_folder",
     [](const auto& root, int) { exchange(root / "spare/b", root / "a/b/file"); }},
    {"is_removed", [](const auto& root, int) { fs::remove(root / "a/b/file"); }},
    {"is_removed_while_open_elsewhere",
     [](const auto& root, int) {
       const Fd fd = open_file(root / "a/b/file", O_RDONLY);
       fs::remove(root / "a/b/file");
     }},
    {"is_moved_away",
     [](const auto& root, int) { fs::rename(root / "a/b/file", root / "a/away"); }},
    {"becomes_a_folder",
     [](const auto& root, int) {
       fs::remove(root / "a/b/file");
       fs::create_directory(root / "a/b/file");
     }},
    {"becomes_a_link",
     [](const auto& root, int) {
       fs::remove(root / "a/b/file");
       fs::create_symlink("spare", root / "a/b/file");
     }},
    {"is_forbidden",
     [](const auto& root, int) { fs::permissions(root / "a/b/file", fs::perms::none); }},
    {"is_touched", [](const auto& root, int) { touch(root / "a/b/file"); }},
    {"is_touched_by_another_name", [](const auto& root, int) { touch(root / "links/same"); }},
    {"is_forbidden_by_another_name",
     [](const auto& root, int) { fs::permissions(root / "links/same", fs::perms::none); }},
    {"is_in_a_folder_that_is_renamed",
     [](const auto& root, int) { fs::rename(root / "a/b", root / "a/c"); }},
    {"is_below_a_folder_that_is_renamed",
     [](const auto& root, int) { fs::rename(root / "a", root / "z"); }},
    {"is_below_a_folder_that_is_moved_into_another",
     [](const auto& root, int) { fs::rename(root / "a", root / "spare/a"); }},
    {"is_below_a_folder_that_is_replaced",
     [](const auto& root, int) {
       fs::rename(root / "a", root / "z");
       fs::rename(root / "spare", root / "a");
     }},
    {"is_below_a_folder_that_is_exchanged",
     [](const auto& root, int) { exchange(root / "a", root / "spare"); }},
    {"is_below_a_folder_that_becomes_a_link",
     [](const auto& root, int) {
       fs::rename(root / "a", root / "z");
       fs::create_symlink("spare", root / "a");
     }},
    {"is_in_a_folder_that_is_forbidden",
     [](const auto& root, int) { fs::permissions(root / "a/b", fs::perms::owner_all); }},
    {"is_below_a_folder_that_is_removed",
     [](const auto& root, int) { fs::remove_all(root / "a"); }},
    {"is_below_a_folder_that_is_removed_and_made_again",
     [](const auto& root, int) {
       fs::remove_all(root / "a");
       root.put("a/b/file", "another");
     }},
};

using ChangeFrom = std::tuple<FolderChange, From>;

std::string name_of(const ::testing::TestParamInfo<ChangeFrom>& row) {
  const bool at_root = std::get<From>(row.param) == From::root;
  return std::string(std::get<FolderChange>(row.param).name) + (at_root ? "_named_by_path" : "");
}

class ChangeTest : public lab::CacheTest, public ::testing::WithParamInterface<ChangeFrom> {
 protected:
  ChangeTest() : CacheTest(small_bodies, std::get<From>(GetParam())) {}
  void make_change(int writer) { std::get<FolderChange>(GetParam()).make(root, writer); }
};

class ChangedFile : public ChangeTest {
 protected:
  void put_files(std::size_t size) const {
    root.put("a/b/file", pattern(size));
    root.put("a/b/spare", "spare bytes");
    root.put("spare/b/file", "bytes in the spare folder");
    fs::create_directory(root / "links");
    fs::create_hard_link(root / "a/b/file", root / "links/same");
  }

  // The outdated entry is gone, and a new one agrees with the folder.
  void expect_invalidated(const std::string& path) {
    EXPECT_EQ(find(path), nullptr);
    const CachedFile* const again = load(path);
    if (!again) return;
    EXPECT_EQ(again->exists, root.has(path));
    EXPECT_EQ(bytes_of(*again), root.get(path));
    EXPECT_EQ(find(path), again);
  }

  void change_file(std::size_t size) {
    put_files(size);
    const Fd writer = open_file(root / "a/b/file", O_RDWR);
    CachedFile* const file = load("a/b/file");
    ASSERT_NE(file, nullptr);
    cache.record_target(*file, "/a/b/file");
    ASSERT_EQ(find("a/b/file"), file);
    make_change(writer.get());
    cache.refresh();
    EXPECT_EQ(cache.find_target("/a/b/file"), nullptr);
    expect_invalidated("a/b/file");
  }
};

TEST_P(ChangedFile, that_is_small_is_invalidated) { change_file(small_bytes); }
TEST_P(ChangedFile, that_is_large_is_invalidated) { change_file(large_bytes); }

// A response that uses the entry meanwhile keeps its content.
TEST_P(ChangedFile, stays_valid_while_it_is_pinned) {
  put_files(small_bytes);
  const Fd writer = open_file(root / "a/b/file", O_RDWR);
  CachedFile* const file = load("a/b/file");
  ASSERT_NE(file, nullptr);
  FileCache::pin(*file);
  FileCache::pin(*file);
  make_change(writer.get());
  EXPECT_EQ(find("a/b/file"), nullptr);
  EXPECT_EQ(file->body, pattern(small_bytes));
  cache.unpin(*file);
  EXPECT_EQ(file->body, pattern(small_bytes));
  cache.unpin(*file);
}

INSTANTIATE_TEST_SUITE_P(Each, ChangedFile,
                         ::testing::Combine(::testing::ValuesIn(changes),
                                            ::testing::Values(From::root, From::elsewhere)),
                         name_of);

// A file or something else is created at "a/b/new", where no file was.
const FolderChange creations[] = {
    {"is_written", [](const auto& root, int) { root.put("a/b/new", "new"); }},
    {"is_made", [](const auto& root, int) { open_file(root / "a/b/new", O_WRONLY | O_CREAT); }},
    {"is_moved_there",
     [](const auto& root, int) { fs::rename(root / "spare/file", root / "a/b/new"); }},
    {"is_renamed", [](const auto& root, int) { fs::rename(root / "a/b/file", root / "a/b/new"); }},
    {"is_linked",
     [](const auto& root, int) { fs::create_hard_link(root / "a/b/file", root / "a/b/new"); }},
    {"is_linked_by_name",
     [](const auto& root, int) { fs::create_symlink("file", root / "a/b/new"); }},
    {"had_no_name",
     [](const auto& root, int) {
       const Fd fd(::open((root / "a/b").c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644));
       if (!fd.valid()) return root.put("a/b/new", "new");  // not on every file system
       const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
       EXPECT_EQ(::linkat(AT_FDCWD, path.c_str(), AT_FDCWD, (root / "a/b/new").c_str(),
                          AT_SYMLINK_FOLLOW),
                 0);
     }},
    {"is_a_folder", [](const auto& root, int) { fs::create_directory(root / "a/b/new"); }},
    {"is_a_fifo",
     [](const auto& root, int) { EXPECT_EQ(::mkfifo((root / "a/b/new").c_str(), 0644), 0); }},
    {"comes_with_its_folder",
     [](const auto& root, int) {
       fs::rename(root / "spare/file", root / "spare/new");
       exchange(root / "spare", root / "a/b");
     }},
    {"comes_with_a_folder_above",
     [](const auto& root, int) {
       fs::rename(root / "a", root / "z");
       root.put("a/b/new", "new");
     }},
};

class CreatedFile : public ChangeTest {};

TEST_P(CreatedFile, invalidates_the_negative_entry) {
  root.put("a/b/file", "file");
  root.put("spare/file", "spare");
  CachedFile* const negative = load("a/b/new");
  ASSERT_NE(negative, nullptr);
  ASSERT_FALSE(negative->exists);
  cache.record_target(*negative, "/a/b/new");
  make_change(-1);
  cache.refresh();
  EXPECT_EQ(cache.find_target("/a/b/new"), nullptr);
  EXPECT_EQ(cache.find("a/b/new"), nullptr);
  const CachedFile* const created = load("a/b/new");
  if (!created) return;
  EXPECT_EQ(bytes_of(*created), root.get("a/b/new"));
}

INSTANTIATE_TEST_SUITE_P(Each, CreatedFile,
                         ::testing::Combine(::testing::ValuesIn(creations),
                                            ::testing::Values(From::root, From::elsewhere)),
                         name_of);

// The watched file may be another one than the opened file, when it is watched by its path.
class Swapped : public lab::CacheTest {
 protected:
  Swapped() : CacheTest(small_bodies, From::root) {}
};

TEST_F(Swapped, files_and_folders_are_invalidated) {
  root.put("a/file", "one");
  root.put("a/other", "another");
  root.put("a/folder/below", "below");
  std::atomic<bool> goes_on = true;
  std::thread swapper([&] {
    for (int i = 0; goes_on; ++i)
      exchange(root / "a/file", root / (i % 3 ? "a/other" : "a/folder"));
  });
  for (int i = 0; i < 20'000; ++i) {
    load("a/file");
    load("a/folder/below");
  }
  goes_on = false;
  swapper.join();
  // Whatever was loaded: each entry is right, and every later change invalidates it.
  for (const char* path : {"a/file", "a/other", "a/folder", "a/folder/below"}) {
    for (int i = 0; i < 2; ++i) {
      const CachedFile* const file = load(path);
      if (!file) continue;
      EXPECT_EQ(file->exists, fs::is_regular_file(root / path)) << path;
      if (!file->exists) continue;
      EXPECT_EQ(bytes_of(*file), root.get(path)) << path;
      root.put(path, "changed " + std::to_string(i));
      EXPECT_EQ(find(path), nullptr) << path;
    }
  }
}

class Invalidation : public lab::CacheTest {};

TEST_F(Invalidation, does_not_affect_neighbours_of_a_changed_file) {
  root.put("a/file", "file");
  root.put("a/other", "other");
  root.put("b/file", "elsewhere");
  CachedFile* const file = load("a/file");
  CachedFile* const negative = load("a/none");
  root.put("a/other", "written");
  root.put("a/new", "new");
  fs::rename(root / "a/new", root / "a/newer");
  fs::remove(root / "a/other");
  fs::create_directory(root / "a/filed");
  fs::rename(root / "b", root / "c");
  EXPECT_EQ(find("a/file"), file);
  EXPECT_EQ(find("a/none"), negative);
  EXPECT_EQ(cache.counters().dropped, 0U);
  EXPECT_GE(cache.counters().changes, 4U);
}

// A name that only begins like the renamed folder is not below it.
TEST_F(Invalidation, of_a_folder_affects_entries_below_it_only) {
  root.put("a/file", "below");
  root.put("a/b/file", "further below");
  root.put("ab/file", "beside");
  root.put("a.txt", "beside");
  for (const char* path : {"a/file", "a/b/file", "ab/file", "a.txt", "a/none"}) {
    ASSERT_NE(load(path), nullptr) << path;
  }
  fs::rename(root / "a", root / "z");
  cache.refresh();
  for (const char* path : {"a/file", "a/b/file", "a/none"}) EXPECT_EQ(cache.find(path), nullptr);
  for (const char* path : {"ab/file", "a.txt"}) EXPECT_NE(cache.find(path), nullptr) << path;
}

// A file may be loaded while events of earlier changes have not been read.
TEST_F(Invalidation, reaches_entries_that_are_loaded_while_events_wait) {
  root.put("a/file", "old");
  root.put("b/file", "new");
  ASSERT_NE(load("a/file"), nullptr);
  fs::rename(root / "a", root / "c");
  fs::rename(root / "b", root / "a");
  ASSERT_NE(cache.find("a/file"), nullptr) << "no event was read yet";
  cache.refresh();
  const CachedFile* const file = load("a/file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->body, "new");
  // The opposite order: loaded first, events read later.
  root.put("c/file", "newest");
  fs::rename(root / "a", root / "d");
  fs::rename(root / "c", root / "a");
  load("a/second");
  cache.refresh();
  fs::rename(root / "a", root / "e");
  root.put("a/second", "second");
  EXPECT_EQ(find("a/second"), nullptr);
}

TEST_F(Invalidation, reaches_all_hard_links_of_a_changed_file) {
  for (const std::size_t size : {small_bytes, large_bytes}) {
    root.put("one", pattern(size));
    for (const char* name : {"two", "three"}) fs::create_hard_link(root / "one", root / name);
    for (const char* name : {"one", "two", "three"}) ASSERT_NE(load(name), nullptr) << name;
    EXPECT_EQ(used_resources().watches, 2U);  // the root and the file
    write_to(open_file(root / "two", O_WRONLY).get());
    cache.refresh();
    for (const char* name : {"one", "two", "three"}) EXPECT_EQ(cache.find(name), nullptr) << name;
    EXPECT_EQ(used_resources().watches, 1U);
    // When the entry of one name is removed, the other entries are still watched.
    for (const char* name : {"one", "two", "three"}) ASSERT_NE(load(name), nullptr) << name;
    fs::remove(root / "two");
    EXPECT_EQ(find("two"), nullptr);
    for (const char* name : {"one", "three"}) ASSERT_NE(load(name), nullptr) << name;
    write_to(open_file(root / "three", O_WRONLY).get());
    EXPECT_EQ(find("one"), nullptr);
    for (const char* name : {"one", "three"}) fs::remove(root / name);
    cache.refresh();
  }
}

// When the queue of events overflows (fs.inotify.max_queued_events), anything may have changed.
TEST_F(Invalidation, removes_all_entries_when_events_were_lost) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 100'000) GTEST_SKIP() << "the queue holds " << most;
  root.put("a/file", "file");
  root.put("b/file", "file");
  ASSERT_NE(load("a/file"), nullptr);
  ASSERT_NE(load("b/file"), nullptr);
  ASSERT_NE(load("b/none"), nullptr);
  const fs::path busy = root / "a/busy";
  for (std::size_t i = 0; i <= most / 2; ++i) {
    open_file(busy, O_WRONLY | O_CREAT);
    fs::remove(busy);
  }
  root.put("b/none", "something");
  cache.refresh();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ(used_resources().watches, 0U);
  ASSERT_NE(load("b/none"), nullptr);
  EXPECT_EQ(find("b/none")->body, "something");
}
}  // namespace
}  // namespace server
