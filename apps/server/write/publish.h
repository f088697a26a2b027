// Publishing: how a complete temporary file gets the name of its target.
//
// While the body of an upload arrived, other writers may have changed the target. publish()
// therefore claims the name, so that no other writer of this server changes it, and evaluates the
// conditions of the request again, against the file that exists now. Then a single rename or link
// makes the new file visible as a whole. Where that fails, the directories that the upload has made
// are removed. Covered by tests/server/write/publish_test.cc, faults_test.cc and
// tests/end_to_end/put_test.cc.
#pragma once

#include "apps/server/write/upload.h"
#include "uring/task.h"

namespace server {

enum class Publication : std::uint8_t {
  failed,            // Published::fault is the reason
  created,           // the path did not exist before
  replaced,          // the path led to another file before
  condition_failed,  // a condition of the request does not hold
  changed,           // the file that a partial PUT was based on is no longer the current version
  unsupported,  // the file system cannot create a name without perhaps replacing an existing one
  unconfirmed,  // the file is visible, but syncing its directory failed
};

struct Published {
  Publication outcome = Publication::failed;
  uring::Fault fault = uring::Fault::none;

  // The new file has the name of the target.
  bool is_visible() const {
    return outcome == Publication::created || outcome == Publication::replaced ||
           outcome == Publication::unconfirmed;
  }
};

// Sets the modification time of the temporary file: now, or the time that the client has sent. Does
// nothing where it was set before.
void set_modification_time(Upload& upload);

// Sets the modification time of the complete temporary file, syncs it as Site::durability says,
// makes missing parents, and gives the file its name.
uring::Task<Published> publish(Connection& c, Upload& upload);

// Closes all descriptors of `upload`.
void close_upload(Connection& c, Upload& upload);

}  // namespace server
