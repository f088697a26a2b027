// UploadRegistry: the resumable uploads of this process: which requests use them now, and when they
// expire.
//
// One request at a time uses an upload. A later request for it takes it over: the registry signals
// the event of the request that uses it, which then stops receiving and leaves; the later one waits
// for that. So a client whose connection broke goes on at once, although the server has not noticed
// the break. Requests of other processes are excluded by flock(2) on the file of bytes. The
// registry also has the place of each upload, so that expired ones are removed without a walk over
// all directories (expire_uploads.h). Covered by tests/server/files/upload_registry_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/plan/temporary_name.h"
#include "uring/mutex.h"
#include "uring/result.h"

namespace server {

// The use of an upload by a request, which keeps it at one address from enter() to leave().
struct UploadUse {
  UploadId id;
  // An event descriptor of the request, which is signalled when a later request wants the upload;
  // -1: the request ends soon by itself.
  int stop_event = -1;
  int granted_event = -1;  // an event descriptor that is signalled when the use is granted
  UploadUse* next = nullptr;
};

class UploadRegistry {
 public:
  // Reads the boot id of the machine, for which the sandbox later has no permission.
  UploadRegistry();
  UploadRegistry(const UploadRegistry&) = delete;
  UploadRegistry& operator=(const UploadRegistry&) = delete;

  // The functions are safe on every thread.

  // Enters the queue of an upload, and asks the requests in front to stop. Fault::none: the use is
  // granted. Fault::try_again: it is granted when `granted_event` becomes readable. Any other
  // fault: the use is in no queue and must not be passed to leave().
  uring::Fault enter(UploadUse& use) EXCLUDES(mutex_);
  // Leaves the queue, and grants the next use.
  void leave(UploadUse& use) EXCLUDES(mutex_);

  // Where an upload is, and when it may have expired, in milliseconds since 1970.
  struct Place {
    std::string directory;  // as Intent::path
    UploadId id;
    std::int64_t due_ms = 0;
  };
  // The most uploads that are not finished: each costs two files, and a client may create any
  // number of them.
  static constexpr std::size_t most_unfinished = 1000;

  // Whether one more upload may be begun.
  bool may_begin() const EXCLUDES(mutex_);
  // Throws std::bad_alloc.
  void add(Place place) EXCLUDES(mutex_);
  void add_unfinished(std::ptrdiff_t count) EXCLUDES(mutex_);
  // Takes the place of an upload that may have expired by `now_ms`. The caller adds it again where
  // it has not. Empty: there is none.
  std::optional<Place> take_due(std::int64_t now_ms) EXCLUDES(mutex_);

  // Identifies the time since the machine was started; empty: unknown.
  std::string_view boot() const { return boot_; }

 private:
  static constexpr std::size_t queue_count = 64;
  static std::size_t queue_of(const UploadId& id);

  std::string boot_;
  mutable uring::Mutex mutex_;  // held for short walks, and for eventfd(2) and write(2)
  // Uses in the order of their arrival. Of those with one id, the first is granted.
  std::array<UploadUse*, queue_count> queues_ GUARDED_BY(mutex_){};
  std::vector<Place> places_ GUARDED_BY(mutex_);  // a heap, whose first place is due first
  std::size_t unfinished_ GUARDED_BY(mutex_) = 0;
};

}  // namespace server
