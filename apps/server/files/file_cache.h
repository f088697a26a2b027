// FileCache: what paths lead to, remembered for as long as it is true.
//
// A file that is asked for is kept, once half the room is taken only from the second time on: small
// ones with their bytes, larger ones open and mapped; and so is the knowledge that nothing is
// there. Whoever asks is told only what still holds for every request that has arrived: refresh()
// takes in all changes first (changes.h), and where nothing can be watched (watches ran out, or a
// link is on the way) each look compares stat(2). Everything done here returns at once: what is not
// in the kernel's memory is not remembered now. One cache for one thread, bounded in files, bytes
// and descriptors; what was not used for longest goes. The reasons are in
// docs/decisions/0012-file-cache.md. Covered by tests/server/files/file_cache_test.cc.
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

#include "apps/server/files/asked_lately.h"
#include "apps/server/files/cached_file.h"
#include "apps/server/files/watches.h"
#include "uring/fd.h"

namespace server {

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

  // Invalidates what depends on the Site: kept heads, and which targets lead to which file. The
  // files themselves stay, with their content types.
  void invalidate_answers();

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
