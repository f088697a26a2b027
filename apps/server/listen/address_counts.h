// AddressCounts: how many connections each address has, over all workers, without a lock.
//
// A table of words, each a tag of an address and a count beside it. An address may stand in the few
// words that follow where its hash leads; a count changes by one compare-and-swap, and a word whose
// count is 0 is free. The hash has a secret, so that nobody can choose addresses that collide. IPv6
// clients own a /64, and are counted by it. Covered by tests/server/listen/address_counts_test.cc.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <sys/socket.h>

namespace server {

// What a peer is counted by: its IPv4 address, or the first 64 bits of its IPv6 address. Nothing
// for a unix socket, whose peers have none.
std::optional<std::uint64_t> counted_address(const sockaddr_storage& peer);

class AddressCounts {
 public:
  // No address may have more than `most` connections. There is room for `connections` in all; an
  // address whose words are taken is not counted, and let in.
  AddressCounts(std::uint64_t most, std::uint64_t connections, std::uint64_t secret);

  // Where a connection is counted; give it back with leave().
  using Slot = std::uint32_t;
  static constexpr Slot uncounted = 0xffffffff;

  // Counts one more connection of `address`. False: it has as many as it may, and is not counted.
  // Two workers that meet just below the limit may let in one more.
  bool enter(std::uint64_t address, Slot& slot);
  void leave(Slot slot);

 private:
  using Word = std::atomic<std::uint64_t>;

  static constexpr std::size_t window = 8;  // words that an address may stand in
  static constexpr std::uint64_t count_bits = 24;
  static constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;

  const std::uint64_t most_;
  const std::uint64_t secret_;
  std::size_t size_ = 0;  // a power of two
  std::unique_ptr<Word[]> words_;
};

}  // namespace server
