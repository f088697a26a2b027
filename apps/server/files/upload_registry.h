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
#include <map>
#include <optional>
#include <string>
#include <string_view>

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
    bool is_finished = false;  // only its state exists
    // Directories above it that are to be removed, where its state is gone already.
    std::size_t parents = 0;
  };
  // The most uploads that are not finished: each costs two files, and a client may create any
  // number of them.
  static constexpr std::size_t most_unfinished = 1000;

  // Whether one more upload may be begun.
  bool may_begin() const EXCLUDES(mutex_);
  // Adds an upload, or replaces the place of one that was added already: the sweep finds uploads
  // that requests have just begun. Throws std::bad_alloc; then nothing has changed.
  void add(Place place) EXCLUDES(mutex_);
  // Records that an upload is finished, or exists no longer. Unknown uploads are ignored: another
  // process has begun them. Neither allocates.
  void set_finished(const UploadId& id) EXCLUDES(mutex_);
  void remove(const UploadId& id) EXCLUDES(mutex_);
  // The upload that is due first, if it is due by `now_ms`. It stays, and the caller removes it or
  // sets another time. Throws std::bad_alloc.
  std::optional<Place> find_due(std::int64_t now_ms) const EXCLUDES(mutex_);
  // Sets what the expiry has found out about an upload that is not removed. Does not allocate.
  void set_due(const UploadId& id, std::int64_t due_ms, std::size_t parents) EXCLUDES(mutex_);
  // The number of uploads, finished or not.
  std::size_t size() const EXCLUDES(mutex_);

  // Identifies the time since the machine was started; empty: unknown.
  std::string_view boot() const { return boot_; }

 private:
  static constexpr std::size_t queue_count = 64;
  static std::size_t queue_of(const UploadId& id);

  std::string boot_;
  mutable uring::Mutex mutex_;  // held for short walks, and for eventfd(2) and write(2)
  // Uses in the order of their arrival. Of those with one id, the first is granted.
  std::array<UploadUse*, queue_count> queues_ GUARDED_BY(mutex_){};
  // By the time at which they are due, and then by their ids.
  struct Key {
    std::int64_t due_ms = 0;
    UploadId id;
    bool operator<(const Key& other) const {
      return due_ms != other.due_ms ? due_ms < other.due_ms : id.digits < other.id.digits;
    }
  };
  struct ById {
    bool operator()(const UploadId& left, const UploadId& right) const {
      return left.digits < right.digits;
    }
  };
  std::map<Key, Place> places_ GUARDED_BY(mutex_);
  std::map<UploadId, std::int64_t, ById> due_ GUARDED_BY(mutex_);  // of each place
  std::size_t unfinished_ GUARDED_BY(mutex_) = 0;                  // of the places
};

}  // namespace server
