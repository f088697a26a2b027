// The queues of claims. Covered by tests/server/files/claims_test.cc.
#include "apps/server/files/claims.h"

#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "parser/fnv1a.h"
#include "parser/splitmix64.h"

namespace server {

namespace {

// Ignores the case of letters, since a file system that folds case has one file for both names.
// The identity of the directory is combined with the hash of the name in one step, which costs less
// than hashing it byte by byte; SplitMix64 then mixes all bits.
std::size_t hash_of(const ClaimKey& key) {
  http1::Fnv1a hash;
  for (const char c : key.name) {
    const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    hash.add(static_cast<unsigned char>(is_letter ? c | 0x20 : c));
  }
  const std::uint64_t directory = key.inode << 16 ^ key.device;
  return static_cast<std::size_t>(http1::SplitMix64(hash.value() ^ directory).next());
}

}  // namespace

std::size_t Claims::queue_of(const ClaimKey& key) { return hash_of(key) % queue_count; }

uring::Fault Claims::enter(Claim& claim, const ClaimKey& key) {
  claim = {.queue = queue_of(key)};
  const uring::MutexLock lock(mutex_);
  Claim** link = &queues_[claim.queue];
  if (!*link) {
    *link = &claim;
    return uring::Fault::none;
  }
  claim.event = ::eventfd(0, EFD_CLOEXEC);
  if (claim.event < 0) return uring::fault_of(errno);
  while (*link) link = &(*link)->next;
  *link = &claim;
  return uring::Fault::try_again;
}

void Claims::leave(Claim& claim) {
  {
    const uring::MutexLock lock(mutex_);
    Claim** link = &queues_[claim.queue];
    const bool was_granted = *link == &claim;
    while (*link != &claim) link = &(*link)->next;
    *link = claim.next;
    // Under the lock, because the next claim may leave and be destroyed as soon as the lock is
    // free. The write does not block, because the counter of the eventfd is 0.
    if (was_granted && claim.next) ::eventfd_write(claim.next->event, 1);
  }
  if (claim.event >= 0) ::close(std::exchange(claim.event, -1));
}

}  // namespace server
