// Place: where a name is to come or to go, and what stands there.
//
// What storing and deleting have in common: the directory above the name, opened beneath the root;
// a look at what the name leads to; the conditions of the request; the claim on the name.
// Covered by tests/server/write/put_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "apps/server/files/claims.h"
#include "apps/server/files/last_directory.h"
#include "apps/server/files/open.h"

namespace server {

// Which directory is open there.
DirectoryId id_of(int directory);

struct Place {
  int directory = -1;                    // the nearest existing directory above the name
  LastDirectory::Entry* last = nullptr;  // whose descriptor that is, if it is not this place's own
  DirectoryId id;                        // which directory it is
  std::size_t existing_bytes = 0;        // how much of the path names it, with its slash
};

// The last name of the path, NUL-terminated.
const char* leaf_of(const Connection& c);

// O_PATH: a handle for names and facts that needs no right to read.
std::uint64_t handle_flags();

// How directories are opened for writing in them: as handles, or so that they can be synced.
std::uint64_t directory_flags(const Connection& c);

// What stands at the path now; Fault::not_found if nothing does. Its descriptor is closed.
uring::Task<Found> look(Connection& c, std::uint64_t flags);

// Begins to work on files: at once as long as they lie in memory. open_directory() finds out where
// they do not; do_files_at_once(false) ends it.
void begin_files(Connection& c);

// Opens the nearest existing directory above the path.
uring::Task<uring::Fault> open_directory(Connection& c, Place& place);

// The same from what is known in this turn. False: it has to be opened.
bool recall_directory(Connection& c, Place& place);

// Gives the directory up.
void leave_directory(Connection& c, Place& place);

// Takes the path's last name in that directory. Fault::none: only this writer has it, until
// Claims::leave(claim). Fault::try_again: another one has it; await_claim(). Any other: no claim.
uring::Fault take_claim(Connection& c, Claim& claim, DirectoryId directory);

// Waits until no other writer has the name, and takes it: as take_claim().
uring::Task<uring::Fault> await_claim(Connection& c, Claim& claim);

// Says whether the conditions of the request hold for what was found. RFC 9110 13.2.2.
bool conditions_hold(Connection& c, const Found& found);

}  // namespace server
