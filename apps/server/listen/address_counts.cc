// The table of counts. Covered by tests/server/listen/address_counts_test.cc.
#include "apps/server/listen/address_counts.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "parser/splitmix64.h"

namespace server {

namespace {

std::uint64_t number_of(const unsigned char* bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | bytes[i];
  return number;
}

}  // namespace

std::optional<std::uint64_t> counted_address(const Peer& peer) {
  // The key of an IPv4 address has a prefix in ::/8, which RFC 4291 section 2.4 reserves, so that
  // no IPv6 client has it.
  constexpr std::uint64_t v4_prefix = std::uint64_t{1} << 32;
  switch (peer.family) {
    case Peer::Family::v4: return v4_prefix | number_of(peer.address.data(), 4);
    case Peer::Family::v6: return number_of(peer.address.data(), 8);
    case Peer::Family::local: break;
  }
  return std::nullopt;
}

AddressCounts::AddressCounts(std::uint64_t connections, std::uint64_t secret)
    : secret_(secret),
      size_(std::bit_ceil(std::max<std::size_t>(4 * connections, window))),
      words_(new Word[size_]()) {}

bool AddressCounts::enter(std::uint64_t address, std::uint64_t most, Slot& slot) {
  const std::uint64_t hash = http1::SplitMix64::mix(address ^ secret_);
  const std::uint64_t tag = hash >> count_bits | 1;  // never 0, the tag of a free word
  const std::size_t first = http1::SplitMix64::mix(hash) & (size_ - 1);
  for (;;) {
    // Two threads may have begun a word each for one address, so that all words are added up.
    std::uint64_t count = 0;
    std::uint64_t before = 0;
    std::size_t place = size_;
    for (std::size_t i = 0; i < window; ++i) {
      const std::size_t at = (first + i) & (size_ - 1);
      const std::uint64_t word = words_[at].load(std::memory_order_relaxed);
      const bool is_own = word >> count_bits == tag;
      count += is_own ? word & count_mask : 0;
      if (is_own || (word == 0 && place == size_)) {
        place = at;
        before = word;
      }
    }
    slot = uncounted;
    if (count >= std::min(most, count_mask)) return false;
    if (place == size_) return true;
    const std::uint64_t after = before == 0 ? tag << count_bits | 1 : before + 1;
    if (!words_[place].compare_exchange_weak(before, after, std::memory_order_relaxed)) continue;
    slot = static_cast<Slot>(place);
    return true;
  }
}

void AddressCounts::leave(Slot slot) {
  if (slot == uncounted) return;
  Word& word = words_[slot];
  std::uint64_t before = word.load(std::memory_order_relaxed);
  const auto after = [&] { return (before & count_mask) == 1 ? 0 : before - 1; };
  assert((before & count_mask) > 0);
  while (!word.compare_exchange_weak(before, after(), std::memory_order_relaxed)) continue;
}

}  // namespace server
