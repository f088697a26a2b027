// Opening files and directories beneath the served directory.
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

// The result of opening a path. The caller owns the descriptor and the pin; discard() releases
// both.
struct Found {
  uring::Fault fault = uring::Fault::none;
  int fd = -1;  // -1 with a fault, and where `cached` has the content
  CachedFile* cached =
      nullptr;  // pinned; the entry of the file cache, which may be a negative entry
  bool is_directory = false;
  FileFacts facts;
};

// How every path is opened: beneath the root and through no magic link of /proc. RESOLVE_BENEATH
// makes the kernel refuse dot-dot, absolute links and races that lead out of the root.
uring::OpenHow beneath(std::uint64_t flags, std::uint64_t mode = 0);

// openat2(2) fails with EAGAIN if a link leads through dot-dot while any file on the machine is
// renamed, and its caller has to try again. Under constant renaming one attempt in a thousand
// fails.
inline constexpr int most_open_attempts = 8;

// Says after each attempt to open a path whether another one may succeed: after EAGAIN; after
// ESTALE, by which a network file system asks for a new look-up; and when the process is out of
// descriptors and the file cache has closed some of its own.
class OpenAttempts {
 public:
  explicit OpenAttempts(FileCache& files) : files_(files) {}
  bool another(uring::Fault fault);

 private:
  FileCache& files_;
  int attempts_ = 0;
};

// Opens `path`, relative to the root of `files` and NUL-terminated, with the O_ `flags`, and stats
// it. Fault::not_allowed: it is neither a regular file nor a directory.
uring::Task<Found> open_beneath(uring::Io& io, FileCache& files, const char* path,
                                std::uint64_t flags);

// Stats an open file; the result has the descriptor `fd`, also with a fault. Fault::not_allowed: it
// is neither a regular file nor a directory. A plain call.
Found describe(int fd);

// Closes the descriptor and unpins the cached file of `found`, and sets its fault.
void discard(uring::Engine& engine, FileCache& files, Found& found, uring::Fault fault);

}  // namespace server
