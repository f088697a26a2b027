// Opening what a path leads to, beneath the served directory.
//
// Covered by tests/server/files/open_test.cc and tests/end_to_end/beneath_test.cc.
#pragma once

#include <cstdint>

#include "apps/server/files/file_cache.h"
#include "apps/server/plan/facts.h"
#include "uring/io.h"
#include "uring/openat2.h"
#include "uring/task.h"

namespace server {

// What a path led to. Its descriptor and its pin belong to the caller; discard() gives both up.
struct Found {
  uring::Fault fault = uring::Fault::none;
  int fd = -1;                   // open; -1 with a fault, and where `cached` has the content
  CachedFile* cached = nullptr;  // pinned; the file, or the absence of one, in the file cache
  bool is_directory = false;
  FileFacts facts;
};

// How each path is opened: beneath the root and through no link of /proc. RESOLVE_BENEATH makes the
// kernel refuse dot-dot, absolute links and races that lead outside.
uring::OpenHow beneath(std::uint64_t flags, std::uint64_t mode = 0);

// The kernel answers EAGAIN where a link leads through dot-dot while anything on the machine is
// renamed: openat2(2) asks its callers to try again. One attempt in a thousand fails under constant
// renaming.
inline constexpr int most_open_attempts = 8;

// Opens `path`, relative to the open directory `root` and NUL-terminated, with the O_ `flags`, and
// reads its facts. Fault::not_allowed: it is neither a regular file nor a directory.
uring::Task<Found> open_beneath(uring::Io& io, int root, const char* path, std::uint64_t flags);

// Closes the descriptor and unpins the cached file of `found`, and sets its fault.
void discard(uring::Engine& engine, FileCache& files, Found& found, uring::Fault fault);

}  // namespace server
