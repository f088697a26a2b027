// Claims: a lock for each file name, so that one writer at a time publishes or deletes it.
//
// To publish or to delete a file is to stat the target, to test the conditions of the request, and
// to rename or unlink: kernel operations that no other worker may interrupt. So a worker takes a
// claim on the name first. Claims wait in a queue; a waiting coroutine reads an event descriptor
// through its ring, so that no thread blocks. A claim is held for a stat and a rename or unlink,
// never while the server waits for a client. Claims exclude workers of this process only; see
// docs/decisions/0005-claims-on-names.md. Covered by tests/server/files/claims_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "uring/mutex.h"
#include "uring/result.h"

namespace server {

// Identifies the name: the directory by its device and inode, whatever its path, and the file name.
struct ClaimKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::string_view name;  // used until Claims::enter() returns
};

// An entry of a queue. The caller keeps it at one address from Claims::enter() to Claims::leave().
struct Claim {
  std::size_t queue = 0;
  int event = -1;         // an eventfd that is signalled when the claim is granted; -1: granted
  Claim* next = nullptr;  // the claim behind this one
};

class Claims {
 public:
  Claims() = default;
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  // The queue of a name. A writer that claims two names enters the lower queue first, and enters
  // only one claim where both names have one queue; else it would wait for itself, or two writers
  // for each other.
  static std::size_t queue_of(const ClaimKey& key);

  // Enters the queue of a name. Fault::none: the claim is granted. Fault::try_again: it is granted
  // when `claim.event` becomes readable. Any other fault: the claim is in no queue and must not be
  // passed to leave(). Safe on every thread.
  uring::Fault enter(Claim& claim, const ClaimKey& key) EXCLUDES(mutex_);

  // Leaves the queue, whether the claim is granted or still waits; grants the next claim. Safe on
  // every thread.
  void leave(Claim& claim) EXCLUDES(mutex_);

 private:
  // Names with equal hashes share a queue, which costs a short wait and nothing else.
  static constexpr std::size_t queue_count = 256;

  uring::Mutex mutex_;  // held for a few loads and stores, and for one eventfd(2) or write(2)
  // The first claim of each queue is granted. Guarded too: `next` and `event` of queued claims.
  std::array<Claim*, queue_count> queues_ GUARDED_BY(mutex_){};
};

}  // namespace server
