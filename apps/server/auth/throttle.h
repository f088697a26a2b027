// Throttle: how often each address may give wrong credentials.
//
// An address (an IPv4 address, or the first 64 bits of an IPv6 address) may fail ten times at once,
// and then once every two seconds; a check is charged before it is made, and a right password is
// refunded. Nothing is ever locked: that would let an attacker lock users out. The table has a
// fixed size, and an address that failed long ago makes place for another one. Guarded by its
// owner. Covered by tests/server/auth/throttle_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace server {

class Throttle {
 public:
  static constexpr std::int64_t interval_ms = 2000;
  static constexpr std::int64_t burst = 10;

  // `secret` is random, so that no peer can choose addresses that share a place in the table.
  explicit Throttle(std::uint64_t secret) : secret_(secret) {}

  // Charges one failure to `address` at `now_ms`, in milliseconds of a monotonic clock. Returns 0,
  // or the time in milliseconds after which the address may try again; then nothing is charged.
  [[nodiscard]] std::int64_t charge(std::uint64_t address, std::int64_t now_ms);
  // Takes one charge back.
  void refund(std::uint64_t address);

 private:
  struct Bucket {
    std::uint64_t address = 0;
    std::int64_t free_at_ms = 0;  // when all charges are over; 0: never charged
  };
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t sets = 1024;
  using Set = std::array<Bucket, ways>;

  Set& set_of(std::uint64_t address);

  std::uint64_t secret_;
  std::unique_ptr<std::array<Set, sets>> table_ = std::make_unique<std::array<Set, sets>>();
};

}  // namespace server
