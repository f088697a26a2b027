// Claims: one writer at a time for one name, across all workers.
//
// Whoever publishes or deletes looks at what stands there, judges, and then renames or unlinks: two
// operations of the kernel that belong together. So each takes a claim on the name first. A claim
// is a place in a queue; its owner waits for those before it by an event descriptor that its ring
// reads, so that no thread waits. Claims are held for two operations on files, never for a peer.
// Other processes know nothing of them: see docs/decisions/0005-claims-on-names.md.
// Covered by tests/server/files/claims_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "uring/result.h"

namespace server {

// Which name: the directory by what it is, not by what it is called, and the name in it.
struct ClaimKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::string_view name;  // of the caller, while Claims::enter() runs
};

// A place in a queue. Lives in the coroutine that has it, until Claims::leave().
struct Claim {
  std::size_t queue = 0;
  int event = -1;         // who waits reads it
  Claim* next = nullptr;  // who comes after
};

class Claims {
 public:
  Claims() = default;
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  // Takes a place. Fault::none: the name is yours. Fault::try_again: it is when `claim.event` has
  // been signalled. Any other: there is no place, and nothing to leave.
  uring::Fault enter(Claim& claim, const ClaimKey& key);

  // Gives the place up, also of one who still waits.
  void leave(Claim& claim);

 private:
  // Names share queues where their hashes meet: that costs a short wait, nothing else.
  static constexpr std::size_t queue_count = 256;

  std::mutex mutex_;                          // held for a few loads and stores
  std::array<Claim*, queue_count> queues_{};  // the first of each has the name
};

}  // namespace server
