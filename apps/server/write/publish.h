// Publishing: how a whole temporary file gets its name, or does not.
//
// Between the first look and this moment the body came, and anybody may have written. So all is
// asked again while this writer alone has a claim on the name: whether something stands there, and
// whether the conditions hold for it. Then one rename makes the file visible, all at once. What
// was made on the way (directories, the temporary) goes away again when it fails.
// Covered by tests/server/write/put_test.cc, faults_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include <optional>

#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/put_terms.h"
#include "apps/server/plan/temporary_name.h"
#include "apps/server/write/target.h"

namespace server {

// An upload on its way. Owned by put(); remove_temporary() and close_all() end it.
struct Upload {
  PutTerms terms;
  Found before;     // what stood at the target when it began; without a descriptor
  Place place;      // where its temporary is
  int file = -1;    // the temporary, locked as long as it is open (see sweep.h)
  int target = -1;  // the target's directory, once publish() has opened it
  // How much of the path, and one byte, stands before the directories that publish() made; 0: none.
  std::size_t made_from = 0;
  bool is_short = false;  // its body was received first, and all the rest is done at once
  std::optional<std::int64_t> mtime_ns;  // as publish() has set it
  std::uint64_t position = 0;            // in the file: where the next bytes go
  bool has_name = false;                 // the temporary is there under its own name
  bool is_nameless = false;              // the file has no name at all yet
  TemporaryName name{};
};

enum class Publication : std::uint8_t {
  failed,       // Published::fault says why
  created,      // nothing stood there
  replaced,     // a file stood there
  refused,      // a condition of the request does not hold
  overtaken,    // a part was put into a version that is no longer there
  unsupported,  // the file system can create a name only where it may also replace one
  unconfirmed,  // it is there, but syncing the directory failed
};

struct Published {
  Publication outcome = Publication::failed;
  uring::Fault fault = uring::Fault::none;

  bool is_visible() const {
    return outcome == Publication::created || outcome == Publication::replaced ||
           outcome == Publication::unconfirmed;
  }
};

// Gives the whole file of `upload` its time, its durability and its name.
uring::Task<Published> publish(Connection& c, Upload& upload);

// Removes the temporary, which still has its name.
uring::Task<> remove_temporary(Connection& c, Upload& upload);

// Closes what is open.
void close_all(Connection& c, Upload& upload);

}  // namespace server
