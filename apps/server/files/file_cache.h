// FileCache: a worker's cache of files by their paths, kept correct by inotify.
//
// A small file is cached with its content; a larger one is kept open and mapped; and a path that
// leads to nothing gets a negative entry. A lookup never returns an entry for which inotify had
// reported a change when the request was sent: refresh() invalidates it (watches.h). A change that
// inotify does not report (a write through a mapping, a mount) is found by stat(2), which compares
// an entry before it is served when the last comparison was a second ago. A path that cannot be
// watched (no watches are left, or a symbolic link is on the way) is compared at each lookup. No
// call waits for the content of a file on a disk: such a file is not loaded.
//
// The cache is bounded in entries, bytes and descriptors; CLOCK eviction removes what was not used
// for longest, and descriptors that were idle for some seconds are closed. Each thread has its own
// cache. docs/decisions/0012-file-cache.md and 0016-files-and-root.md have the reasons.
// Covered by tests/server/files/file_cache_test.cc, invalidation_test.cc and eviction_test.cc.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unordered_map>
#include <vector>

#include "apps/server/files/cached_file.h"
#include "apps/server/files/recent_requests.h"
#include "apps/server/files/watches.h"
#include "uring/fd.h"

namespace server {

class FileCache {
 public:
  struct Limits {
    std::uint64_t bytes = 64 * 1024 * 1024;  // of contents and of the entries; 0: no cache
    std::size_t files = 16384;
    std::size_t open_files = 256;         // large files, which have a descriptor each; at least 1
    std::size_t body_bytes = 128 * 1024;  // a file of up to this size, or bytes / 8, is copied
    std::size_t watches = 20480;          // of files and directories; 0: stat(2) at each lookup
  };

  // How long a comparison of an entry with the status of its file holds.
  static constexpr std::int64_t compare_after_ms = 1000;
  // How long a large file stays open that no request uses, up to a second more.
  static constexpr std::int64_t idle_after_ms = 4000;

  // `root` stays open as long as the cache exists. If `root` is the working directory of the
  // thread, it remains the working directory.
  FileCache(int root, const Limits& limits);
  ~FileCache();
  FileCache(const FileCache&) = delete;
  FileCache& operator=(const FileCache&) = delete;

  // Removes all entries.
  void invalidate_all() { invalidate_below(""); }

  // Changes Limits::bytes, and removes all entries.
  void set_bytes(std::uint64_t bytes) {
    limits_.bytes = bytes;
    change_root();
  }

  // Removes all entries after the number `root` has come to refer to another directory, which is
  // the working directory of the thread if the one before was.
  void change_root();
  int root() const { return root_; }

  // Removes the large files that were idle for idle_after_ms, and closes them, so that a file
  // system below the root can be unmounted.
  void close_idle_files();
  // Removes all large files that no response is being sent from, and closes them, because the
  // process needs descriptors. False: there was none.
  bool close_files();
  // The number of large files, each of which has a descriptor.
  std::size_t open_files() const { return open_.size(); }

  // Invalidates what depends on the Site: cached heads, and which targets lead to which entry. The
  // entries themselves stay, with their content types.
  void invalidate_responses();

  // A descriptor that is readable while changes wait for refresh(); -1 while nothing is watched.
  int events() const { return watches_.events(); }

  // Applies all changes: removes the entries that they outdate. To be called after requests have
  // arrived and before they are answered.
  void refresh();
  // Sets the time of the loop, in milliseconds, by which entries are compared again.
  void set_time(std::int64_t now_ms) { now_ms_ = now_ms; }

  // The entry for a path (as in Intent::path); null if there is none.
  CachedFile* find(std::string_view path);
  // The entry for a request target that record_target() has recorded; null if there is none.
  CachedFile* find_target(std::string_view target);

  // Whether to load() `path`, which has no entry: always while less than half of the cache is in
  // use, later only at the second recent request for it.
  bool admits(std::string_view path);
  // Reads what `path` leads to and inserts an entry. Null, without an entry: there is one already,
  // the kernel would have to wait for a disk, it is not a regular file or not readable, or memory
  // is exhausted.
  CachedFile* load(std::string_view path);
  // Records that a request target, as sent, leads to that entry. Does nothing for a target of more
  // than 255 bytes and beyond four targets an entry.
  void record_target(CachedFile& file, std::string_view target);

  // A pinned entry stays valid, and its memory unchanged, until it is unpinned as often.
  static void pin(CachedFile& file) { ++file.pins_; }
  void unpin(CachedFile& file) {
    assert(file.pins_ > 0);
    if (--file.pins_ == 0 && file.is_removed_) destroy(file);
  }

  struct Counters {
    std::uint64_t hits = 0;     // lookups that found an entry
    std::uint64_t misses = 0;   // lookups by path that found none
    std::uint64_t changes = 0;  // inotify events
    std::uint64_t dropped = 0;  // entries removed: invalidated or evicted
  };
  const Counters& counters() const { return counters_; }
  std::size_t size() const { return all_.size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  // A watch on a directory, or on a file.
  struct Watched {
    std::string directory;        // the directory's path, ending in a slash; "" for the root
    CachedFile* first = nullptr;  // the file's entries, linked by next_link_; null: a directory
  };
  // The result of reading a file.
  enum class LoadResult : std::uint8_t {
    loaded,       // the entry is complete
    unwatchable,  // try again with load_compared()
    failed,       // it cannot be cached: see load()
  };

  uring::Fd open_without_waiting(const char* path, std::uint64_t flags, std::uint64_t resolve);
  bool load_file(CachedFile& file);
  bool watch_directories(std::string_view path);
  bool watch_file(CachedFile& file, int fd);
  WatchId watch_directory(int fd, std::string_view path);
  LoadResult load_watched(CachedFile& file);
  LoadResult load_compared(CachedFile& file);
  bool load_content(CachedFile& file);
  bool copy_body(CachedFile& file) const;
  static void map(CachedFile& file);
  static std::uint64_t cost_of(const CachedFile& file);
  void insert(CachedFile& file);
  void unwatch(CachedFile& file);
  // Compares the entry with its file if the last comparison was too long ago.
  bool is_current(CachedFile& file) { return now_ms_ < file.compare_at_ms_ || is_unchanged(file); }
  bool is_unchanged(CachedFile& file);
  void remove_outdated(CachedFile& file);
  void evict_for(const CachedFile& added);
  void apply(const Change& change);
  void remove(CachedFile& file);
  void destroy(CachedFile& file);
  void invalidate(std::string_view path);
  void invalidate_below(std::string_view directory);

  const int root_;
  Limits limits_;
  bool is_on_;
  bool is_in_memory_;
  bool is_at_root_;  // the working directory of the thread is the root
  std::int64_t now_ms_ = 0;
  Watches watches_;
  std::unordered_map<std::string_view, CachedFile*> by_path_;    // keys view CachedFile::path_
  std::unordered_map<std::string_view, CachedFile*> by_target_;  // keys view CachedFile::targets_
  std::unordered_map<WatchId, Watched> watched_;
  std::unordered_map<std::string, WatchId> directories_;  // by path, as in Watched::directory
  std::vector<CachedFile*> all_;
  std::vector<CachedFile*> open_;   // large files
  std::size_t clock_hand_ = 0;      // where in all_ the next eviction begins
  std::size_t removed_pinned_ = 0;  // entries that are out of the cache and still pinned
  std::uint64_t bytes_ = 0;
  RecentRequests recent_;  // for paths that admits() has refused
  Counters counters_;
};

}  // namespace server
