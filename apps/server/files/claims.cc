// Queues of writers. Covered by tests/server/files/claims_test.cc.
#include "apps/server/files/claims.h"

#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace server {

namespace {

// FNV-1a. Letters count in one case: a file system that folds case has one file for both.
std::size_t hash_of(const ClaimKey& key) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::uint64_t part) { hash = (hash ^ part) * 0x100000001b3; };
  add(key.device);
  add(key.inode);
  for (const char c : key.name) {
    const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    add(static_cast<unsigned char>(is_letter ? c | 0x20 : c));
  }
  hash = (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15;  // the last bytes are to reach all bits
  return static_cast<std::size_t>(hash >> 40);
}

}  // namespace

uring::Fault Claims::enter(Claim& claim, const ClaimKey& key) {
  claim = {.queue = hash_of(key) % queue_count};
  const std::lock_guard lock(mutex_);
  Claim** place = &queues_[claim.queue];
  if (!*place) {
    *place = &claim;
    return uring::Fault::none;
  }
  claim.event = ::eventfd(0, EFD_CLOEXEC);
  if (claim.event < 0) return uring::fault_of(errno);
  while (*place) place = &(*place)->next;
  *place = &claim;
  return uring::Fault::try_again;
}

void Claims::leave(Claim& claim) {
  {
    const std::lock_guard lock(mutex_);
    Claim** place = &queues_[claim.queue];
    const bool had_name = *place == &claim;
    while (*place != &claim) place = &(*place)->next;
    *place = claim.next;
    // Under the lock: afterwards the next one may be gone. Writing never waits (the count is 0).
    if (had_name && claim.next) ::eventfd_write(claim.next->event, 1);
  }
  if (claim.event >= 0) ::close(std::exchange(claim.event, -1));
}

}  // namespace server
