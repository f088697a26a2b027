// Which peers count as one address, the limit of an address, and counting by several threads.
#include "apps/server/listen/address_counts.h"

#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

std::optional<std::uint64_t> address_of(std::string_view text) {
  return counted_address(parse_peer(text).value_or(Peer{}));
}

TEST(CountedAddresses, are_all_of_IPv4_and_the_first_half_of_IPv6) {
  EXPECT_EQ(address_of("192.0.2.1"), address_of("192.0.2.1"));
  EXPECT_NE(address_of("192.0.2.1"), address_of("192.0.2.2"));
  EXPECT_EQ(address_of("192.0.2.1"), address_of("::ffff:192.0.2.1"));
  EXPECT_NE(address_of("::ffff:192.0.2.1"), address_of("::ffff:192.0.2.2"));
  EXPECT_EQ(address_of("2001:db8::1"), address_of("2001:db8::ffff:1:2:3"));
  EXPECT_NE(address_of("2001:db8::1"), address_of("2001:db8:0:1::1"));
  EXPECT_NE(address_of("::1"), address_of("0.0.0.1"));
  EXPECT_EQ(address_of("unix"), std::nullopt);
}

TEST(Counts, limit_the_connections_of_an_address) {
  AddressCounts counts(100, 42);
  std::vector<AddressCounts::Slot> slots(4);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(counts.enter(1, 3, slots[static_cast<std::size_t>(i)]));
  EXPECT_FALSE(counts.enter(1, 3, slots[3]));
  EXPECT_EQ(slots[3], AddressCounts::uncounted);
  EXPECT_TRUE(counts.enter(2, 3, slots[3]));
  counts.leave(slots[0]);
  EXPECT_TRUE(counts.enter(1, 3, slots[0]));
  AddressCounts::Slot more = 0;
  EXPECT_FALSE(counts.enter(1, 3, more));
  counts.leave(more);  // has no effect
  EXPECT_FALSE(counts.enter(1, 3, more));
}

// Addresses that the table has no word for are not limited, and do not change other counts.
TEST(Counts, do_not_limit_addresses_that_have_no_word) {
  AddressCounts counts(1, 42);
  std::vector<AddressCounts::Slot> slots;
  std::size_t counted = 0;
  for (std::uint64_t address = 0; address < 100; ++address) {
    AddressCounts::Slot slot = 0;
    EXPECT_TRUE(counts.enter(address, 1, slot));
    counted += slot == AddressCounts::uncounted ? 0 : 1;
    slots.push_back(slot);
  }
  EXPECT_EQ(counted, 8U);
  for (const AddressCounts::Slot slot : slots) counts.leave(slot);
  AddressCounts::Slot slot = AddressCounts::uncounted;
  EXPECT_TRUE(counts.enter(7, 1, slot));
  EXPECT_NE(slot, AddressCounts::uncounted);
}

TEST(Counts, are_zero_after_several_threads_have_entered_and_left) {
  constexpr std::uint64_t most = 5;
  AddressCounts counts(4, 42);  // 16 words for 8 addresses
  const auto come_and_go = [&](unsigned seed) {
    for (int i = 0; i < 20'000; ++i) {
      seed = seed * 1'664'525U + 1'013'904'223U;
      const std::size_t address = seed >> 29;
      AddressCounts::Slot slot = 0;
      if (counts.enter(address, most, slot)) counts.leave(slot);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(come_and_go, seed);
  for (std::thread& thread : threads) thread.join();
  for (std::uint64_t address = 0; address < 8; ++address) {
    AddressCounts::Slot slot = 0;
    for (std::uint64_t i = 0; i < most; ++i) EXPECT_TRUE(counts.enter(address, most, slot));
    EXPECT_FALSE(counts.enter(address, most, slot)) << "an address was forgotten or counted twice";
  }
}

}  // namespace
}  // namespace server
