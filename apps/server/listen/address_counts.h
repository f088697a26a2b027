// AddressCounts: how many connections each address has, over all workers, without a lock.
//
// An open-addressed hash table of 64-bit words, each with a tag of an address and its count. The
// hash of an address selects `window` consecutive words, of which it may use any; a count changes
// by one compare-and-swap, and a word whose count is 0 is free. The hash has a secret, so that a
// client cannot choose addresses that collide. An IPv6 client usually has a whole /64, so that an
// IPv6 address is counted by its first 64 bits.
//
// All functions may be called by several threads at once.
// Covered by tests/server/listen/address_counts_test.cc.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "apps/server/plan/peer.h"

namespace server {

// The key by which a peer is counted: its IPv4 address, or the first 64 bits of its IPv6 address.
// Nothing for the peer of a unix socket, which has no address.
std::optional<std::uint64_t> counted_address(const Peer& peer);

class AddressCounts {
 public:
  // The table is large enough for `connections` in all; an address whose words are all in use by
  // others is not counted, and not limited.
  AddressCounts(std::uint64_t connections, std::uint64_t secret);

  // The word in which a connection is counted. Pass it to leave() when the connection ends.
  using Slot = std::uint32_t;
  static constexpr Slot uncounted = 0xffffffff;

  // Counts one more connection of `address`, which may have `most`, and sets `slot`. False: the
  // address has reached that limit, and the connection is not counted. Two threads that call this
  // at once, just below the limit, may exceed it by one.
  bool enter(std::uint64_t address, std::uint64_t most, Slot& slot);
  // Counts one connection less. `slot` may be `uncounted`.
  void leave(Slot slot);

 private:
  using Word = std::atomic<std::uint64_t>;

  static constexpr std::size_t window = 8;  // words that an address may use
  static constexpr std::uint64_t count_bits = 24;
  static constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;

  const std::uint64_t secret_;
  std::size_t size_ = 0;  // a power of two
  std::unique_ptr<Word[]> words_;
};

}  // namespace server
