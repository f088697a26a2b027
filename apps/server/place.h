// Place: where a name is to come or to go, and what stands there.
//
// What storing and deleting have in common: the directory above the name, opened beneath the root;
// a look at what the name leads to; the conditions of the request; the claim on the name.
// Covered by tests/server/upload_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/claims.h"
#include "apps/server/connection.h"
#include "apps/server/find.h"

namespace server {

struct Place {
  int directory = -1;              // the nearest existing directory above the name
  std::size_t existing_bytes = 0;  // how much of the path names that directory, with its slash
};

// The last name of the path, NUL-terminated.
const char* leaf_of(const Connection& c);

// O_PATH: a handle for names and facts that needs no right to read.
std::uint64_t handle_flags();

// How directories are opened for writing in them: as handles, or so that they can be synced.
std::uint64_t directory_flags(const Connection& c);

// What stands at the path now; Fault::not_found if nothing does. Its descriptor is closed.
uring::Task<Found> look(Connection& c, std::uint64_t flags);

// Opens the nearest existing directory above the path.
uring::Task<uring::Fault> open_directory(Connection& c, Place& place);

// Waits until no other writer has the path's last name in `directory`, and takes it. After
// Fault::none only this writer has it, until Claims::leave(claim).
uring::Task<uring::Fault> take_claim(Connection& c, Claim& claim, int directory);

// Says whether the conditions of the request hold for what was found. RFC 9110 13.2.2.
bool conditions_hold(Connection& c, const Found& found);

}  // namespace server
