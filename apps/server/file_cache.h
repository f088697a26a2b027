// FileCache: what paths lead to, remembered for as long as it is true.
//
// A file that is asked for is kept, once half the room is taken only from the second time on: small
// ones with their bytes, larger ones open and mapped; and so is the knowledge that nothing is
// there. Whoever asks is told only what still holds for every request that has arrived: refresh()
// takes in all changes first (changes.h), and where nothing can be watched (watches ran out, or a
// link is on the way) each look compares stat(2). Everything done here returns at once: what is not
// in the kernel's memory is not remembered now. One cache for one thread, bounded in files, bytes
// and descriptors; what was not used for longest goes. The reasons are in
// docs/decisions/0012-file-cache.md. Covered by tests/server/file_cache_test.cc.
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

#include "apps/server/asked.h"
#include "apps/server/changes.h"
#include "apps/server/conditions.h"
#include "uring/fd.h"

namespace server {

// A head that was sent once, and leaves again from where it lies.
struct ReadyHead {
  static constexpr std::size_t most_bytes = 512;  // of those that are kept

  char* begin = nullptr;  // null: none was sent yet
  std::uint32_t bytes = 0;
  std::uint32_t date_offset = 0;  // where its Date stands
  std::int64_t seconds = 0;       // and what it says, in Unix seconds
};

// What a path led to when it was looked at last. Owned by the cache; who awaits anything while he
// uses one pins it.
struct CachedFile {
  bool exists = false;  // else nothing of this name is there
  FileFacts facts;
  std::string_view content_type;  // set by who answers with it first; a view of Mime's
  std::string_view body;          // all its bytes, in memory of its own; empty for a large file
  std::string_view mapped;        // all its bytes, as the page cache has them; empty if not mapped
  int fd = -1;                    // open, for a large file

  // Kept by who answers with it first.
  ReadyHead ready_200;     // to a request whose fields make no difference; `body` lies behind it
  ReadyHead ready_304;     // to If-None-Match with `tag`
  std::string tag;         // its entity tag
  std::string fact_lines;  // Plan::fact_lines

  // Keeps that head as ready_200 or ready_304, if it is not long; its Date is that of `seconds`.
  void keep_200(std::string_view head, std::int64_t seconds);
  void keep_304(std::string_view head, std::int64_t seconds);
  // Nobody is sending anything that lies here, so that it may be changed.
  bool is_at_rest() const { return pins_ == 0; }

 private:
  friend class FileCache;
  static constexpr std::size_t most_targets = 4;

  ~CachedFile();

  std::string path_;
  std::array<std::string, most_targets> targets_;  // request targets that lead here
  uring::Fd file_;
  std::unique_ptr<char[]> memory_;      // ready_200 at the end of its room, and `body` behind it
  std::unique_ptr<char[]> memory_304_;  // ready_304
  struct stat status_ {};               // where it is not watched: what a look compares
  WatchId watch_ = no_watch;            // of the file; no_watch also for what is not there
  CachedFile* next_same_ = nullptr;     // another path of the same inode
  std::size_t place_ = 0;               // in FileCache::all_
  std::uint32_t pins_ = 0;
  bool is_compared_ = false;  // by stat(2), for it is not watched
  bool is_used_ = false;      // since the hand passed
  bool is_dropped_ = false;   // out of the cache, but pinned
};

class FileCache {
 public:
  struct Limits {
    std::uint64_t bytes = 64 * 1024 * 1024;  // of bodies and what belongs to them; 0: no cache
    std::size_t files = 16384;
    std::size_t open_files = 256;         // large ones, a descriptor each
    std::size_t body_bytes = 128 * 1024;  // the largest that is copied
    std::size_t watches = 20480;          // of files and directories; 0: all is compared
  };

  // `root` is open as long as the cache is there. Where it is the working directory of the thread,
  // it stays that.
  FileCache(int root, const Limits& limits);
  ~FileCache();
  FileCache(const FileCache&) = delete;
  FileCache& operator=(const FileCache&) = delete;

  // Forgets everything.
  void forget_all() { drop_below(""); }

  // Becomes readable whenever something has changed; -1 while nothing is watched.
  int events() const { return changes_.events(); }

  // Forgets what is no longer so. To be called between the arrival of requests and their answers.
  void refresh();

  // What that path (as Intent::path) leads to; null if that is not known.
  CachedFile* find(std::string_view path);
  // The same for a request target that was noted.
  CachedFile* find_target(std::string_view target);

  // Says whether it is worth it to remember what `path`, which is not known, leads to; notes that
  // it was asked for.
  bool wants(std::string_view path);
  // Remembers it, if it can be known of what the kernel has at hand; else null.
  CachedFile* remember(std::string_view path);
  // Notes that a request target, as sent, leads there, if it is not long; up to four for a file.
  void note_target(CachedFile& file, std::string_view target);

  static void pin(CachedFile& file) { ++file.pins_; }
  void unpin(CachedFile& file) {
    assert(file.pins_ > 0);
    if (--file.pins_ == 0 && file.is_dropped_) destroy(file);
  }

  struct Counters {
    std::uint64_t hits = 0;     // looks that were answered
    std::uint64_t misses = 0;   // looks that were not
    std::uint64_t changes = 0;  // changes taken in
    std::uint64_t dropped = 0;  // files forgotten, for a change or for room
  };
  const Counters& counters() const { return counters_; }
  std::size_t size() const { return all_.size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Watched {
    std::string directory;        // its path with a slash at its end, "" for the root
    CachedFile* first = nullptr;  // or the files of that inode
  };

  uring::Fd open_at_hand(const char* path, std::uint64_t flags, std::uint64_t resolve);
  bool watch_directories(std::string_view path);
  bool watch_file(CachedFile& file, int fd);
  WatchId watch_directory(int fd, std::string_view path);
  // What a look came to.
  enum class Look : std::uint8_t {
    taken,      // it is known
    unwatched,  // it can only be compared
    failed,     // it is not at hand, not a file, or not allowed
  };
  Look look_watched(CachedFile& file);
  Look look_compared(CachedFile& file);
  bool take_content(CachedFile& file);
  bool take_body(CachedFile& file) const;
  static void map(CachedFile& file);
  static std::uint64_t cost_of(const CachedFile& file);
  void add(CachedFile& file);
  void forget_watch(CachedFile& file);
  bool still_holds(const CachedFile& file) const {
    return !file.is_compared_ || is_still_same(file);
  }
  bool is_still_same(const CachedFile& file) const;
  void make_room(const CachedFile& wanted);
  void take_in(const Change& change);
  void drop(CachedFile& file);
  void destroy(CachedFile& file);
  void drop_path(std::string_view path);
  void drop_below(std::string_view directory);

  const int root_;
  const Limits limits_;
  const bool is_on_;
  const bool is_in_memory_;
  const bool is_at_root_;  // paths relative to the working directory are those of the root
  Changes changes_;
  std::unordered_map<std::string_view, CachedFile*> by_path_;    // keys are of the files
  std::unordered_map<std::string_view, CachedFile*> by_target_;  // and so are these
  std::unordered_map<WatchId, Watched> watched_;
  std::unordered_map<std::string, WatchId> directories_;  // by path, as Watched::directory
  std::vector<CachedFile*> all_;
  std::size_t hand_ = 0;    // of the clock that looks for what is not used
  std::size_t open_ = 0;    // large files
  std::size_t pinned_ = 0;  // dropped ones that somebody still uses
  std::uint64_t bytes_ = 0;
  Asked asked_;  // paths that were not worth it
  Counters counters_;
};

}  // namespace server
