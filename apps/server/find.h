// From a path to an open file: GET, HEAD, and the pages shown where nothing is found.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#pragma once

#include <sys/stat.h>

#include "apps/server/connection.h"

namespace server {

// What a path led to.
struct Found {
  uring::Fault fault = uring::Fault::none;
  int fd = -1;                   // open, the caller's; -1 with a fault, and where the cache has it
  CachedFile* cached = nullptr;  // what it is remembered as, be it nothing; pinned by the caller
  bool is_directory = false;
  FileFacts facts;
};

// Every path is opened so: beneath the root, through no link of /proc, whatever it says.
// RESOLVE_BENEATH makes the kernel refuse dot-dot, absolute links and races that lead outside.
uring::OpenHow beneath(std::uint64_t flags, std::uint64_t mode = 0);

// The kernel answers EAGAIN where a link leads through dot-dot and anything on the machine is
// renamed meanwhile: openat2(2) wants to be asked again. One in a thousand fails under constant
// renaming.
inline constexpr int most_open_attempts = 8;

// Opens `path`, relative to the root and NUL-terminated, for what `flags` say, and looks at it.
// What is neither file nor directory is not allowed.
uring::Task<Found> open_beneath(Connection& c, const char* path, std::uint64_t flags);

// The version that fstat(2) or lstat(2) described.
FileFacts facts_in(const struct stat& status);

// The version of an open file.
FileFacts facts_of(int fd);

// The content type of a remembered file of that path, which it keeps.
std::string_view type_of(const Connection& c, CachedFile& file, std::string_view path);

// The page that is shown where nothing is found, relative to the root; it may not be there.
std::string_view not_found_page(const Site& site);

// Plans the answer to GET or HEAD of Exchange::intent; opens Exchange::file if it needs one.
uring::Task<> find(Connection& c);

}  // namespace server
