// CachedFile: an entry of the file cache: a file, or the fact that no such file exists (a negative
// entry).
//
// Covered by tests/server/files/cached_file_test.cc and tests/server/files/file_cache_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "apps/server/files/watches.h"
#include "apps/server/plan/facts.h"
#include "uring/fd.h"

namespace server {

// A response head that was sent once and is cached, so that a later response sends these bytes
// again; only its Date is rewritten in place.
struct CachedHead {
  static constexpr std::size_t most_bytes = 512;  // a longer head is not cached

  char* begin = nullptr;  // null: no head is cached
  std::uint32_t bytes = 0;
  std::uint32_t date_offset = 0;  // of the value of Date
  std::int64_t seconds = 0;       // the value of Date in Unix seconds
};

// The cache owns its entries. A caller that awaits an operation while it uses an entry pins it
// (FileCache::pin()), so that the entry stays valid when it is evicted or invalidated meanwhile.
struct CachedFile {
  bool exists = false;  // false: a negative entry
  FileFacts facts;
  std::string_view content_type;  // a view of Mime's; set by the first response with this file
  std::string_view body;          // the content of a small file, copied; empty for a large file
  std::string_view mapped;        // the content of a large file, mapped; empty if not mapped
  int fd = -1;                    // open for a large file

  // Every client may read it by the recorded request targets; set from Intent::is_public. Only then
  // does the fast path respond with it.
  bool is_public = false;

  // Filled by the first response of each kind.
  CachedHead head_200;     // for requests whose fields do not change it; `body` follows in memory
  CachedHead head_304;     // for If-None-Match with `tag`
  std::string tag;         // the entity tag
  std::string fact_lines;  // Plan::fact_lines

  // Copies `head` to head_200 or head_304; its Date is that of `seconds`. Does nothing when a head
  // is cached already, when `head` is longer than CachedHead::most_bytes, when memory is exhausted,
  // and while the entry is pinned, since a response may be sent from its memory then.
  void set_head_200(std::string_view head, std::int64_t seconds);
  void set_head_304(std::string_view head, std::int64_t seconds);
  // The least size of a piece that is sent as pages, without a copy (Io::send_pages()), and of a
  // body that is copied into pages of its own. Below it the calls cost more than the copy.
  static constexpr std::size_t least_page_bytes = 32 * 1024;

  // Whether `bytes`, of this file, may be sent as pages. A head is in other memory.
  bool is_in_pages(std::string_view bytes) const {
    return bytes.size() >= least_page_bytes && (fd >= 0 || is_body_in_pages_);
  }
  // Whether `body` follows a cached head in memory.
  bool body_follows_head() const { return fd < 0 && !is_body_in_pages_; }
  // A response may be in the course of being sent from its memory, which must not change.
  bool is_pinned() const { return pins_ != 0; }

 private:
  friend class FileCache;
  static constexpr std::size_t most_targets = 4;

  ~CachedFile();

  // Returns memory for a body of `size` bytes, once; null if memory is exhausted. A large body gets
  // pages of its own, which nothing writes after the body and which are unmapped and not used
  // again: the kernel sends them without a copy, and may refer to them for longer than the entry
  // exists.
  char* allocate_body(std::size_t size);

  std::string path_;
  std::array<std::string, most_targets> targets_;  // request targets that lead to this path
  uring::Fd file_;
  std::unique_ptr<char[]> memory_;      // head_200, ending at most_bytes, and `body` behind it, if
                                        // that is not in pages
  std::unique_ptr<char[]> memory_304_;  // head_304
  struct stat status_ {};               // compared with that of the path, see FileCache::find()
  std::int64_t compare_at_ms_ = 0;      // the time of the loop from which on it is compared again
  WatchId watch_ = no_watch;            // of the file; negative entries have none
  CachedFile* next_link_ = nullptr;     // another entry for the same inode (a hard link)
  std::size_t index_ = 0;               // in FileCache::all_
  std::size_t open_index_ = 0;          // in FileCache::open_, for a file with a descriptor
  std::uint32_t pins_ = 0;
  bool is_body_in_pages_ = false;  // mapped, see allocate_body()
  bool is_compared_ = false;       // has no watch: each lookup compares it by stat(2)
  bool is_settled_ = true;   // false: when it was loaded, its times were so new that a change may
                             // have left them as they were
  bool is_used_ = false;     // found since the clock hand passed it (CLOCK eviction)
  bool is_removed_ = false;  // no longer in the cache; deleted with its last pin
};

}  // namespace server
