// CachedFile: a file, or the absence of one, as the file cache has it in memory.
//
// Covered by tests/server/files/file_cache_test.cc.
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

  // Every client may read it by the targets that were recorded: set from Intent::is_public. Only
  // then the fast path answers with it.
  bool is_public = false;

  // Kept by who answers with it first.
  ReadyHead ready_200;     // to a request whose fields make no difference; `body` lies behind it
  ReadyHead ready_304;     // to If-None-Match with `tag`
  std::string tag;         // its entity tag
  std::string fact_lines;  // Plan::fact_lines

  // Keeps that head as ready_200 or ready_304, if it is not long; its Date is that of `seconds`.
  // Nothing is kept while a response is being sent from this memory.
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

}  // namespace server
