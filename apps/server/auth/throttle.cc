// The generic cell rate algorithm. Covered by tests/server/auth/throttle_test.cc.
#include "apps/server/auth/throttle.h"

#include <algorithm>

#include "parser/splitmix64.h"

namespace server {

Throttle::Set& Throttle::set_of(std::uint64_t address) {
  return (*table_)[http1::SplitMix64(address ^ secret_).next() % sets];
}

std::int64_t Throttle::charge(std::uint64_t address, std::int64_t now_ms) {
  Set& set = set_of(address);
  auto* const known = std::find_if(set.begin(), set.end(), [address](const Bucket& bucket) {
    return bucket.address == address && bucket.free_at_ms > 0;
  });
  auto* const oldest = std::min_element(set.begin(), set.end(), [](const auto& a, const auto& b) {
    return a.free_at_ms < b.free_at_ms;
  });
  Bucket& bucket = known != set.end() ? *known : *oldest;
  if (known == set.end()) bucket = {.address = address};
  const std::int64_t charged_ms = std::max(bucket.free_at_ms, now_ms) + interval_ms;
  const std::int64_t excess_ms = charged_ms - now_ms - burst * interval_ms;
  if (excess_ms > 0) return excess_ms;
  bucket.free_at_ms = charged_ms;
  return 0;
}

void Throttle::refund(std::uint64_t address) {
  for (Bucket& bucket : set_of(address)) {
    if (bucket.address == address) bucket.free_at_ms -= std::min(bucket.free_at_ms, interval_ms);
  }
}

}  // namespace server
