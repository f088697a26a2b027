// Lookup and content: which paths get an entry, with which content, and what a cache leaves behind.
#include "apps/server/files/file_cache.h"

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/server/files/cache_fixture.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::large_bytes;
using lab::load_if_admitted;
using lab::pattern;
using lab::Resources;
using lab::small_bodies;
using lab::small_bytes;
using lab::used_resources;
using uring::Fd;

class Lookup : public lab::CacheTest {};

// How many descriptors this process has, and how many inodes it watches.
struct Held {
  std::size_t descriptors = 0;
  std::size_t watches = 0;
  bool operator==(const Held&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Held& held) {
  return out << held.descriptors << " descriptors, " << held.watches << " watches";
}

Held held_now() {
  Held held;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    ++held.descriptors;
    std::ifstream info("/proc/self/fdinfo/" + entry.path().filename().string());
    for (std::string line; std::getline(info, line);) {
      if (line.starts_with("inotify wd:")) ++held.watches;
    }
  }
  return held;
}

// What the server does with a path that is asked for and not known.
CachedFile* remember(FileCache& cache, std::string_view path) {
  return cache.admits(path) ? cache.load(path) : nullptr;
}

// Makes a folder the working directory, as a worker does with the root; and goes back at the end.
class Stay {
 public:
  explicit Stay(int folder) : before_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    EXPECT_EQ(::fchdir(folder), 0);
  }
  ~Stay() { EXPECT_EQ(::fchdir(before_.get()), 0); }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

 private:
  Fd before_;
};

// Whether what is watched is named by its path, from there.
enum class From : std::uint8_t { root, elsewhere };

// A folder and a cache of it.
class Cache : public ::testing::Test {
 protected:
  explicit Cache(const FileCache::Limits& limits = few_bytes, From from = From::elsewhere)
      : stays(from == From::root ? new Stay(root.fd()) : nullptr), cache(root.fd(), limits) {}

  void SetUp() override {
    if (!is_local(root.fd())) GTEST_SKIP() << "nothing is remembered of this file system";
  }

  // What `path` is remembered as after it was asked for twice, which is enough however full the
  // cache is; null if it is not. As the server does, this looks at it the ordinary way first, so
  // that the kernel has it at hand.
  CachedFile* learn(const std::string& path) {
    if (CachedFile* const known = find(path)) return known;
    for (int i = 0; i < 2; ++i) {
      const Fd look(::openat(root.fd(), path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
      remember(cache, path);
    }
    return cache.find(path);
  }

  // The same for a file that can only be compared, which may have to grow old first.
  CachedFile* learn_slowly(const std::string& path) {
    CachedFile* file = nullptr;
    test_support::eventually([&] { return (file = learn(path)) != nullptr; });
    return file;
  }

  // What the cache says of a path for a request that arrives now.
  CachedFile* find(const std::string& path) {
    cache.refresh();
    return cache.find(path);
  }

  // The bytes that a remembered file would be answered with.
  static std::string bytes_of(const CachedFile& file) {
    if (file.fd < 0) return std::string(file.body);
    std::string bytes(file.facts.size, '\0');
    const ssize_t got = ::pread(file.fd, bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }

  lab::Folder root;
  std::unique_ptr<Stay> stays;
  FileCache cache;
};

// --- Remembering ---

TEST_F(Cache, remembers_what_is_asked_for) {
  root.put("file", "bytes");
  EXPECT_EQ(cache.find("file"), nullptr);
  CachedFile* const file = load_if_admitted(cache, "file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(find("file"), file);
  EXPECT_TRUE(file->exists);
  EXPECT_EQ(file->facts.size, 5U);
  EXPECT_EQ(file->facts.mtime_seconds(), lab::old_seconds);
  EXPECT_EQ(file->tag, "\"ae1b981bc490a00-5\"");
  EXPECT_EQ(file->body, "bytes");
  EXPECT_EQ(file->fd, -1);
  EXPECT_EQ(cache.counters().hits, 1U);
  EXPECT_EQ(cache.counters().misses, 1U);
  EXPECT_EQ(load_if_admitted(cache, "file"), nullptr) << "it has an entry already";
}

TEST_F(Lookup, has_small_files_copied_and_large_ones_open_and_mapped) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, small_bodies.body_bytes - 1, small_bodies.body_bytes}) {
    root.put("file" + std::to_string(size), pattern(size));
    const CachedFile* const file = load("file" + std::to_string(size));
    ASSERT_NE(file, nullptr) << size;
    EXPECT_EQ(file->body, pattern(size));
    EXPECT_TRUE(file->mapped.empty());
    EXPECT_EQ(file->fd, -1);
  }
  root.put("large", pattern(small_bodies.body_bytes + 1));
  const CachedFile* const file = load("large");
  ASSERT_NE(file, nullptr);
  EXPECT_TRUE(file->body.empty());
  EXPECT_EQ(file->mapped, pattern(small_bodies.body_bytes + 1));
  ASSERT_GE(file->fd, 0);
  EXPECT_EQ(bytes_of(*file), file->mapped);
  EXPECT_EQ(::fcntl(file->fd, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_RDONLY);
  EXPECT_NE(::fcntl(file->fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Lookup, finds_a_negative_entry_where_no_file_is) {
  const CachedFile* const negative = load("none");
  ASSERT_NE(negative, nullptr);
  EXPECT_FALSE(negative->exists);
  EXPECT_EQ(find("none"), negative);
}

TEST_F(Lookup, finds_no_directories_and_no_special_files) {
  fs::create_directory(root / "folder");
  ASSERT_EQ(::mkfifo((root / "fifo").c_str(), 0600), 0);
  fs::create_symlink("nowhere", root / "dangling");
  fs::create_symlink("/etc/passwd", root / "outside");
  root.put("file", "");
  for (const char* path :
       {".", "folder", "fifo", "dangling", "outside", "none/below", "file/below"}) {
    EXPECT_EQ(load(path), nullptr) << path;
    EXPECT_EQ(find(path), nullptr) << path;
  }
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Lookup, finds_entries_by_recorded_request_targets) {
  root.put("file", "bytes");
  CachedFile* const file = load("file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(cache.find_target("/file"), nullptr);
  for (const char* target : {"/file", "/%66ile", "/f%69le", "/fi%6ce"}) {
    cache.record_target(*file, target);
    cache.record_target(*file, target);
    EXPECT_EQ(cache.find_target(target), file) << target;
  }
  cache.record_target(*file, "/fil%65");  // one more than it keeps
  EXPECT_EQ(cache.find_target("/fil%65"), nullptr);
  fs::remove(root / "file");
  cache.refresh();
  EXPECT_EQ(cache.find_target("/file"), nullptr);
  EXPECT_EQ(cache.find_target("/fi%6ce"), nullptr);
}

// Otherwise requests for many long names that do not exist would fill the memory.
TEST_F(Lookup, records_no_long_targets_and_counts_paths_as_bytes) {
  CachedFile* const negative = load("none");
  ASSERT_NE(negative, nullptr);
  const std::uint64_t before = cache.bytes();
  const std::string longest = "/" + std::string(254, 'x');
  for (const std::string& target : {longest + "x", longest}) cache.record_target(*nothing, target);
  EXPECT_EQ(cache.find_target(longest), nothing);
  EXPECT_EQ(cache.find_target(longest + "x"), nullptr);
  ASSERT_NE(load(longest.substr(1)), nullptr);
  EXPECT_EQ(cache.bytes() - before, before + 254 - 4);
}

// --- Changes ---

// What somebody does to the folder. `writer` was opened for writing before anything was remembered.
struct Deed {
  const char* name;
  void (*done)(const lab::Folder& root, int writer);
};
std::ostream& operator<<(std::ostream& out, const Deed& deed) { return out << deed.name; }

Fd open_file(const fs::path& path, int flags) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  EXPECT_TRUE(fd.valid()) << path;
  return fd;
}

void write_to(int fd) { EXPECT_EQ(::pwrite(fd, "X", 1, 3), 1); }

void exchange(const fs::path& one, const fs::path& other) {
  EXPECT_EQ(::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE), 0);
}

void touch(const fs::path& path) {
  const std::array<timespec, 2> times{{{1000, 0}, {1000, 0}}};
  EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
}

// The file is "a/b/file" with a second name "links/same"; "a/b/spare" is another file, "spare/" a
// folder with another "b/file" in it.
const Deed deeds[] = {
    {"is_written",
     [](const auto& root, int) { write_to(open_file(root / "a/b/file", O_WRONLY).get()); }},
    {"is_written_by_who_had_it_open", [](const auto&, int writer) { write_to(writer); }},
    {"is_appended_to",
     [](const auto& root, int) {
       const Fd fd = open_file(root / "a/b/file", O_WRONLY | O_APPEND);
       EXPECT_EQ(::write(fd.get(), "X", 1), 1);
     }},
    {"is_opened_to_be_emptied",
     [](const auto& root, int) { open_file(root / "a/b/file", O_WRONLY | O_TRUNC); }},
    {"is_truncated",
     [](const auto& root, int) { EXPECT_EQ(::truncate((root / "a/b/file").c_str(), 9), 0); }},
    {"is_truncated_by_who_had_it_open",
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

using DeedFrom = std::tuple<Deed, From>;

std::string name_of(const ::testing::TestParamInfo<DeedFrom>& row) {
  const bool at_root = std::get<From>(row.param) == From::root;
  return std::string(std::get<Deed>(row.param).name) + (at_root ? "_named_by_path" : "");
}

class OfDeed : public Cache, public ::testing::WithParamInterface<DeedFrom> {
 protected:
  OfDeed() : Cache(few_bytes, std::get<From>(GetParam())) {}
  void act(int writer) { std::get<Deed>(GetParam()).done(root, writer); }
};

class Change : public OfDeed {
 protected:
  void put_files(std::size_t size) const {
    root.put("a/b/file", pattern(size));
    root.put("a/b/spare", "spare bytes");
    root.put("spare/b/file", "bytes in the spare folder");
    fs::create_directory(root / "links");
    fs::create_hard_link(root / "a/b/file", root / "links/same");
  }

  // Nothing is remembered but what a look at the folder says, now and after another learning.
  void expect_truth(const std::string& path) {
    EXPECT_EQ(find(path), nullptr);
    const CachedFile* const again = learn(path);
    if (!again) return;
    EXPECT_EQ(again->exists, root.has(path));
    EXPECT_EQ(bytes_of(*again), root.get(path));
    EXPECT_EQ(find(path), again);
  }

  void play(std::size_t size) {
    put_files(size);
    const Fd writer = open_file(root / "a/b/file", O_RDWR);
    CachedFile* const file = learn("a/b/file");
    ASSERT_NE(file, nullptr);
    cache.record_target(*file, "/a/b/file");
    ASSERT_EQ(find("a/b/file"), file);
    act(writer.get());
    cache.refresh();
    EXPECT_EQ(cache.find_target("/a/b/file"), nullptr);
    expect_truth("a/b/file");
  }
};

TEST_P(Change, of_a_small_file_is_seen) { play(small_bytes); }
TEST_P(Change, of_a_large_file_is_seen) { play(large_bytes); }

// Who uses the file meanwhile goes on with what he has; where it was replaced, whole.
TEST_P(Change, leaves_a_pinned_file_alone) {
  put_files(small_bytes);
  const Fd writer = open_file(root / "a/b/file", O_RDWR);
  CachedFile* const file = learn("a/b/file");
  ASSERT_NE(file, nullptr);
  FileCache::pin(*file);
  FileCache::pin(*file);
  act(writer.get());
  EXPECT_EQ(find("a/b/file"), nullptr);
  EXPECT_EQ(file->body, pattern(small_bytes));
  cache.unpin(*file);
  EXPECT_EQ(file->body, pattern(small_bytes));
  cache.unpin(*file);
}

INSTANTIATE_TEST_SUITE_P(Each, Change,
                         ::testing::Combine(::testing::ValuesIn(deeds),
                                            ::testing::Values(From::root, From::elsewhere)),
                         name_of);

// How something comes to be at "a/b/new", where nothing was.
const Deed births[] = {
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

class Birth : public OfDeed {};

TEST_P(Birth, is_seen_where_nothing_was) {
  root.put("a/b/file", "file");
  root.put("spare/file", "spare");
  CachedFile* const nothing = learn("a/b/new");
  ASSERT_NE(nothing, nullptr);
  ASSERT_FALSE(nothing->exists);
  cache.record_target(*nothing, "/a/b/new");
  act(-1);
  cache.refresh();
  EXPECT_EQ(cache.find_target("/a/b/new"), nullptr);
  EXPECT_EQ(cache.find("a/b/new"), nullptr);
  const CachedFile* const something = learn("a/b/new");
  if (!something) return;
  EXPECT_EQ(bytes_of(*something), root.get("a/b/new"));
}

INSTANTIATE_TEST_SUITE_P(Each, Birth,
                         ::testing::Combine(::testing::ValuesIn(births),
                                            ::testing::Values(From::root, From::elsewhere)),
                         name_of);

// What is opened is not always what is watched then, where that is named by its path.
class Swapped : public Cache {
 protected:
  Swapped() : Cache(few_bytes, From::root) {}
};

TEST_F(Swapped, files_and_folders_leave_nothing_unseen) {
  root.put("a/file", "one");
  root.put("a/other", "another");
  root.put("a/folder/below", "below");
  std::atomic<bool> goes_on = true;
  std::thread swapper([&] {
    for (int i = 0; goes_on; ++i)
      exchange(root / "a/file", root / (i % 3 ? "a/other" : "a/folder"));
  });
  for (int i = 0; i < 20'000; ++i) {
    learn("a/file");
    learn("a/folder/below");
  }
  goes_on = false;
  swapper.join();
  // Whatever came of it: what is remembered is so, and every change of it is told.
  for (const char* path : {"a/file", "a/other", "a/folder", "a/folder/below"}) {
    for (int i = 0; i < 2; ++i) {
      const CachedFile* const file = learn(path);
      if (!file) continue;
      EXPECT_EQ(file->exists, fs::is_regular_file(root / path)) << path;
      if (!file->exists) continue;
      EXPECT_EQ(bytes_of(*file), root.get(path)) << path;
      root.put(path, "changed " + std::to_string(i));
      EXPECT_EQ(find(path), nullptr) << path;
    }
  }
}

TEST_F(Cache, is_not_troubled_by_what_happens_to_neighbours) {
  root.put("a/file", "file");
  root.put("a/other", "other");
  root.put("b/file", "elsewhere");
  CachedFile* const file = learn("a/file");
  CachedFile* const nothing = learn("a/none");
  root.put("a/other", "written");
  root.put("a/new", "new");
  fs::rename(root / "a/new", root / "a/newer");
  fs::remove(root / "a/other");
  fs::create_directory(root / "a/filed");
  fs::rename(root / "b", root / "c");
  EXPECT_EQ(find("a/file"), file);
  EXPECT_EQ(find("a/none"), nothing);
  EXPECT_EQ(cache.counters().dropped, 0U);
  EXPECT_GE(cache.counters().changes, 4U);
}

// A name that begins like the folder that went is no name below it.
TEST_F(Cache, forgets_what_is_below_a_folder_and_not_what_is_called_alike) {
  root.put("a/file", "below");
  root.put("a/b/file", "further below");
  root.put("ab/file", "beside");
  root.put("a.txt", "beside");
  for (const char* path : {"a/file", "a/b/file", "ab/file", "a.txt", "a/none"}) {
    ASSERT_NE(learn(path), nullptr) << path;
  }
  fs::rename(root / "a", root / "z");
  cache.refresh();
  for (const char* path : {"a/file", "a/b/file", "a/none"}) EXPECT_EQ(cache.find(path), nullptr);
  for (const char* path : {"ab/file", "a.txt"}) EXPECT_NE(cache.find(path), nullptr) << path;
}

// A change may happen between the look and the reading of the events before it.
TEST_F(Cache, is_right_about_what_it_learns_while_changes_wait) {
  root.put("a/file", "old");
  root.put("b/file", "new");
  ASSERT_NE(learn("a/file"), nullptr);
  fs::rename(root / "a", root / "c");
  fs::rename(root / "b", root / "a");
  ASSERT_NE(cache.find("a/file"), nullptr) << "nobody has told it";
  cache.refresh();
  const CachedFile* const file = learn("a/file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->body, "new");
  // And the other way round: learnt first, told later.
  root.put("c/file", "newest");
  fs::rename(root / "a", root / "d");
  fs::rename(root / "c", root / "a");
  learn("a/second");
  cache.refresh();
  fs::rename(root / "a", root / "e");
  root.put("a/second", "second");
  EXPECT_EQ(find("a/second"), nullptr);
}

TEST_F(Cache, sees_changes_of_one_file_by_all_of_its_names) {
  for (const std::size_t size : {small_bytes, large_bytes}) {
    root.put("one", pattern(size));
    for (const char* name : {"two", "three"}) fs::create_hard_link(root / "one", root / name);
    for (const char* name : {"one", "two", "three"}) ASSERT_NE(learn(name), nullptr) << name;
    EXPECT_EQ(held_now().watches, 2U);  // the root and the file
    write_to(open_file(root / "two", O_WRONLY).get());
    cache.refresh();
    for (const char* name : {"one", "two", "three"}) EXPECT_EQ(cache.find(name), nullptr) << name;
    EXPECT_EQ(held_now().watches, 1U);
    // One name goes for want of room or by its name; the others are still watched.
    for (const char* name : {"one", "two", "three"}) ASSERT_NE(learn(name), nullptr) << name;
    fs::remove(root / "two");
    EXPECT_EQ(find("two"), nullptr);
    for (const char* name : {"one", "three"}) ASSERT_NE(learn(name), nullptr) << name;
    write_to(open_file(root / "three", O_WRONLY).get());
    EXPECT_EQ(find("one"), nullptr);
    for (const char* name : {"one", "three"}) fs::remove(root / name);
    cache.refresh();
  }
}

// The queue has an end (fs.inotify.max_queued_events): then everything may have changed.
TEST_F(Cache, forgets_everything_when_changes_were_lost) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 100'000) GTEST_SKIP() << "the queue holds " << most;
  root.put("a/file", "file");
  root.put("b/file", "file");
  ASSERT_NE(learn("a/file"), nullptr);
  ASSERT_NE(learn("b/file"), nullptr);
  ASSERT_NE(learn("b/none"), nullptr);
  const fs::path busy = root / "a/busy";
  for (std::size_t i = 0; i <= most / 2; ++i) {
    open_file(busy, O_WRONLY | O_CREAT);
    fs::remove(busy);
  }
  root.put("b/none", "something");
  cache.refresh();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ(held_now().watches, 0U);
  ASSERT_NE(learn("b/none"), nullptr);
  EXPECT_EQ(find("b/none")->body, "something");
}

// --- What cannot be watched ---

// A file, by a link and without a watch; where nothing tells of changes, each look compares.
class Unwatched : public Cache {
 protected:
  static constexpr FileCache::Limits no_watches{.body_bytes = 5000, .watches = 0};
  Unwatched() : Cache(no_watches) {}
};

TEST_F(Unwatched, files_are_compared_at_each_look_once_they_are_old_enough) {
  root.put("file", "bytes");
  EXPECT_EQ(learn("file"), nullptr) << "it might be changed again and look the same";
  EXPECT_EQ(learn("none"), nullptr);
  CachedFile* const file = learn_slowly("file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(held_now().watches, 0U);
  cache.record_target(*file, "/file");
  EXPECT_EQ(cache.find_target("/file"), file);
  EXPECT_EQ(find("file"), file);
  // Of the same size and time, and without a refresh().
  root.put("file", "other");
  EXPECT_EQ(cache.find_target("/file"), nullptr);
  EXPECT_EQ(cache.find("file"), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Unwatched, files_are_forgotten_when_they_are_replaced_or_gone_or_forbidden) {
  const char* const paths[] = {"a/replaced", "a/removed", "a/moved",
                               "a/touched",  "a/linked",  "a/cut"};
  for (const char* path : paths) root.put(path, pattern(large_bytes));
  root.put("spare", pattern(large_bytes));
  for (const char* path : paths) ASSERT_NE(learn_slowly(path), nullptr) << path;
  for (const char* path : paths) ASSERT_NE(find(path), nullptr) << path;
  fs::rename(root / "spare", root / "a/replaced");
  fs::remove(root / "a/removed");
  fs::rename(root / "a/moved", root / "a/away");
  touch(root / "a/touched");
  fs::rename(root / "a/linked", root / "a/other");
  fs::create_symlink("cut", root / "a/linked");
  EXPECT_EQ(::truncate((root / "a/cut").c_str(), 10), 0);
  for (const char* path : paths) EXPECT_EQ(find(path), nullptr) << path;
}

TEST_F(Cache, compares_what_a_link_leads_to) {
  root.put("real/file", "bytes");
  root.put("second/file", "other");
  fs::create_symlink("real", root / "folder");
  fs::create_symlink("real/file", root / "link");
  ASSERT_NE(learn_slowly("folder/file"), nullptr);
  ASSERT_NE(learn_slowly("link"), nullptr);
  EXPECT_EQ(find("link")->body, "bytes");
  // The link leads elsewhere; what it led to changes; what stands there is no link any more.
  fs::remove(root / "folder");
  fs::create_symlink("second", root / "folder");
  EXPECT_EQ(find("folder/file"), nullptr);
  root.put("real/file", "BYTES");
  EXPECT_EQ(find("link"), nullptr);
  ASSERT_NE(learn_slowly("folder/file"), nullptr);
  EXPECT_EQ(find("folder/file")->body, "other");
  EXPECT_EQ(learn("folder/none"), nullptr) << "nothing would tell that it comes";
}

// Two paths to one folder, by links or mounts: its events would tell of one of them only.
TEST_F(Cache, compares_below_a_folder_of_two_names) {
  root.put("a/file", "bytes");
  ASSERT_NE(learn("a/file"), nullptr);
  // As a bind mount would have it, without the right to mount.
  EXPECT_EQ(learn("a//file"), nullptr);
  ASSERT_NE(learn_slowly("a//file"), nullptr);
  root.put("a/file", "other");
  cache.refresh();
  EXPECT_EQ(cache.find("a/file"), nullptr);
  EXPECT_EQ(cache.find("a//file"), nullptr);
}

class FewWatches : public Cache {
 protected:
  static constexpr FileCache::Limits three_watches{.body_bytes = 5000, .watches = 3};
  FewWatches() : Cache(three_watches) {}
};

TEST_F(FewWatches, are_no_reason_to_miss_a_change) {
  for (int i = 0; i < 5; ++i) root.put("file" + std::to_string(i), "old");
  for (int i = 0; i < 5; ++i) {
    EXPECT_NE(learn_slowly("file" + std::to_string(i)), nullptr);
    EXPECT_LE(held_now().watches, 3U);
  }
  for (int i = 0; i < 5; ++i) {
    root.put("file" + std::to_string(i), "new");
    EXPECT_EQ(find("file" + std::to_string(i)), nullptr) << i;
  }
}

TEST(AFolder, is_known_by_whether_it_tells_upper_from_lower_case) {
  lab::Folder root;
  root.put("name", "");
  EXPECT_EQ(may_fold_names(root.fd()), root.has("NAME"));
  EXPECT_FALSE(may_fold_names(-1)) << "nothing is said of what is not open";
}

// --- Bounds ---

class Bounded : public Cache {
 protected:
  static constexpr FileCache::Limits narrow{
      .bytes = 40'000, .files = 24, .open_files = 3, .body_bytes = 5000};
  Bounded() : Cache(narrow) {}
};

TEST_F(Bounded, are_bytes_files_and_open_files) {
  const std::size_t before = held_now().descriptors;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "file" + std::to_string(i);
    root.put(name, pattern(i % 3 == 0 ? 6000 : i % 3 == 1 ? 4000 : 10));
    ASSERT_NE(learn(name), nullptr) << name;
    EXPECT_NE(find(name), nullptr) << "the newest goes last";
    EXPECT_LE(cache.size(), narrow.files);
    EXPECT_LE(cache.bytes(), narrow.bytes);
    const Held held = held_now();
    EXPECT_LE(held.descriptors, before + narrow.open_files + 1);  // one tells of changes
    EXPECT_LE(held.watches, narrow.files + 1);
  }
  EXPECT_GT(cache.counters().dropped, 80U);
}

TEST_F(Bounded, leaves_what_is_used_and_drops_what_is_not) {
  root.put("used", "bytes");
  CachedFile* const used = learn("used");
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(find("used"), used) << i;
    const std::string name = "file" + std::to_string(i);
    root.put(name, "bytes");
    cache.refresh();
    for (int times = 0; times < 2; ++times) remember(cache, name);
  }
  EXPECT_EQ(cache.size(), narrow.files);
}

// What is pinned goes out of the cache and stays with who pinned it.
TEST_F(Bounded, takes_nothing_from_who_uses_it) {
  root.put("large", pattern(large_bytes));
  root.put("small", pattern(small_bytes));
  CachedFile* const large = learn("large");
  CachedFile* const small = learn("small");
  ASSERT_NE(large, nullptr);
  ASSERT_NE(small, nullptr);
  FileCache::pin(*large);
  FileCache::pin(*small);
  for (int i = 0; i < 50; ++i) learn("none" + std::to_string(i));
  EXPECT_EQ(find("large"), nullptr);
  EXPECT_EQ(find("small"), nullptr);
  EXPECT_EQ(large->mapped, pattern(large_bytes));
  EXPECT_EQ(bytes_of(*large), pattern(large_bytes));
  EXPECT_EQ(small->body, pattern(small_bytes));
  cache.unpin(*large);
  cache.unpin(*small);
}

// A crawler or a backup asks for everything once.
TEST_F(Bounded, takes_what_is_asked_for_once_only_while_half_is_free) {
  for (int i = 0; i < 50; ++i) {
    root.put("file" + std::to_string(i), "bytes");
    cache.refresh();
    remember(cache, "file" + std::to_string(i));
  }
  EXPECT_EQ(cache.size(), narrow.files / 2);
  EXPECT_EQ(cache.find("file49"), nullptr);
  EXPECT_NE(remember(cache, "file49"), nullptr);
  EXPECT_EQ(cache.size(), narrow.files / 2 + 1);
}

// An open file is not dropped for a small one that needs no descriptor.
TEST_F(Bounded, keeps_open_files_while_no_descriptor_is_wanted) {
  for (int i = 0; i < 3; ++i) {
    root.put("large" + std::to_string(i), pattern(large_bytes));
    ASSERT_NE(learn("large" + std::to_string(i)), nullptr);
  }
  for (int i = 0; i < 5; ++i) {
    root.put("small" + std::to_string(i), "small");
    ASSERT_NE(learn("small" + std::to_string(i)), nullptr);
  }
  for (int i = 0; i < 3; ++i) EXPECT_NE(find("large" + std::to_string(i)), nullptr) << i;
}

// Of a body that would leave little room for others the file is kept open instead.
TEST(SmallCache, is_not_filled_by_one_file) {
  lab::Folder root;
  FileCache cache(root.fd(), {.bytes = 40'000});
  for (const std::size_t size : {std::size_t{5000}, std::size_t{5001}}) {
    const std::string name = std::to_string(size);
    root.put(name, pattern(size));
    for (int i = 0; i < 2; ++i) remember(cache, name);
    const CachedFile* const file = cache.find(name);
    ASSERT_NE(file, nullptr) << size;
    EXPECT_EQ(file->fd >= 0, size > 5000);
  }
}

TEST_F(Cache, watches_many_folders) {
  for (int i = 0; i < 600; ++i) {
    const std::string name = "folder" + std::to_string(i) + "/sub/file";
    root.put(name, "bytes");
    ASSERT_NE(learn(name), nullptr) << name;
  }
  EXPECT_EQ(held_now().watches, 1U + 2 * 600U + 600U);
  for (int i = 0; i < 600; i += 7) {
    const std::string folder = "folder" + std::to_string(i);
    fs::rename(root / folder, root / ("moved" + std::to_string(i)));
    EXPECT_EQ(find(folder + "/sub/file"), nullptr);
  }
  EXPECT_NE(find("folder1/sub/file"), nullptr);
}

TEST(CacheOfNothing, remembers_nothing) {
  lab::Folder root;
  root.put("file", "bytes");
  FileCache cache(root.fd(), {.bytes = 0});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(load_if_admitted(cache, "file"), nullptr);
  EXPECT_EQ(cache.find("file"), nullptr);
  cache.refresh();
}

TEST(CacheOfAFileSystemThatIsNotLocal, has_no_entries) {
  const Fd proc(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  FileCache cache(proc.get(), small_bodies);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(load_if_admitted(cache, "status"), nullptr);
}

// Descriptors and watches; the sanitizer checks the memory.
TEST(DestroyedCache, leaves_no_descriptors_and_watches) {
  const Resources before = used_resources();
  {
    lab::Folder root;
    FileCache cache(root.fd(), small_bodies);
    for (int i = 0; i < 300; ++i) {
      const std::string name = "d" + std::to_string(i % 7) + "/" + std::to_string(i);
      root.put(name, pattern(i % 2 == 0 ? small_bytes : large_bytes));
      load_if_admitted(cache, name);
      load_if_admitted(cache, name);
      if (i % 5 == 0) fs::rename(root / name, root / "moved");
      if (i % 50 == 0) fs::remove_all(root / ("d" + std::to_string(i % 7)));
      if (i % 3 == 0) cache.refresh();
    }
    EXPECT_GT(used_resources().watches, before.watches);
  }
  EXPECT_EQ(used_resources(), before);
}
}  // namespace
}  // namespace server
