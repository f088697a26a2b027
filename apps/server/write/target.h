// Target: a path that a request changes, and the steps that all such requests have in common.
//
// They open the nearest existing directory above the path, beneath the root; find out what the path
// leads to; evaluate the conditions of the request against it; and claim the name, so that one
// writer at a time changes it. Covered by tests/server/write/target_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <string_view>

#include "apps/server/connection/connection.h"
#include "apps/server/files/claims.h"
#include "apps/server/files/last_directory.h"
#include "apps/server/files/open.h"

namespace server {

// A path to be changed, with the nearest existing directory above it. release_directory() ends it.
struct Target {
  int directory = -1;                    // that directory; -1: not open
  LastDirectory::Entry* last = nullptr;  // the owner of the descriptor; null: this Target owns it
  DirectoryId id;                        // the identity of the directory
  std::size_t existing_bytes = 0;        // how much of the path names it, with its slash; 0: root
};

// Device and inode of an open directory. A fault: fstat(2) has failed.
uring::Fault identify(int directory, DirectoryId& id);

// Says whether `path` (as Intent::path) still leads to the directory with that identity, in which
// its last name was changed; without `path`, that of the request. False: ROOT or a directory below
// was replaced, hidden by a mount or unmounted meanwhile; a 503 is planned, and ROOT is compared at
// once (files/root.h).
bool confirm_directory(Connection& c, std::string_view path, DirectoryId directory);
bool confirm_directory(Connection& c, DirectoryId directory);

// The last name of a path that is NUL-terminated. A view of it.
const char* leaf_of(std::string_view path);
inline const char* leaf_of(const Intent& intent) { return leaf_of(intent.path); }

// Says whether the directory of the last name exists: the nearest existing one is the parent.
bool has_parent(std::string_view path, const Target& target);
inline bool has_parent(const Intent& intent, const Target& target) {
  return has_parent(intent.path, target);
}

// For open_beneath(): a handle for names and facts, which needs no permission to read.
inline constexpr std::uint64_t handle_flags = O_PATH;

// The flags for opening a directory in which names are changed: a handle, or for Durability::full a
// descriptor that can be synced.
std::uint64_t directory_flags(Durability durability);

// Finds out what the path leads to now; Fault::not_found: nothing. The result has no descriptor.
uring::Task<Found> stat_target(Connection& c, std::uint64_t flags);

// Begins to work on files: synchronously (see Io::do_files_at_once) where the root is in memory.
// open_directory() switches that off where the directory is on another file system. The caller
// switches it off at the end.
void begin_file_operations(Connection& c);

// Opens the nearest existing directory above `path`; without `path`, above that of the request.
uring::Task<uring::Fault> open_directory(Connection& c, std::string_view path, Target& target);
uring::Task<uring::Fault> open_directory(Connection& c, Target& target);

// Takes the parent directory from the worker's LastDirectory, where an earlier request of this loop
// iteration has opened it. False: it has to be opened.
bool reuse_directory(Connection& c, Target& target);

// Closes the directory, or gives its descriptor back to its owner.
void release_directory(Connection& c, Target& target);

// Claims the last name of the path in that directory. Fault::none: this writer has the name until
// Claims::leave(). Fault::try_again: another writer has it; await_claim() is to follow. Any other
// fault: there is no claim.
uring::Fault take_claim(Claims& claims, Claim& claim, DirectoryId directory, const Intent& intent);

// Waits until the other writers have left the name and takes the claim. A fault: there is no claim.
uring::Task<uring::Fault> await_claim(uring::Io& io, Claims& claims, Claim& claim);

// Says whether the conditions of the request hold for what the path leads to. `now` is in Unix
// seconds. RFC 9110 section 13.2.2.
bool conditions_hold(const http1::RequestHead& head, const Found& found, std::int64_t now);

}  // namespace server
