// Look-up by the first byte of the key. Covered by tests/server/auth/verified_cache_test.cc.
#include "apps/server/auth/verified_cache.h"

#include <algorithm>

namespace server {

bool VerifiedCache::has(const crypto::Sha256& key, std::int64_t now_ms) const {
  const Set& set = (*table_)[key.front()];
  return std::any_of(set.begin(), set.end(), [&](const Entry& entry) {
    return entry.until_ms > now_ms && crypto::equal_secrets(entry.key, key);
  });
}

void VerifiedCache::add(const crypto::Sha256& key, std::int64_t now_ms) {
  Set& set = (*table_)[key.front()];
  auto* const known =
      std::find_if(set.begin(), set.end(), [&](const Entry& entry) { return entry.key == key; });
  auto* const oldest = std::min_element(
      set.begin(), set.end(), [](const auto& a, const auto& b) { return a.until_ms < b.until_ms; });
  *(known != set.end() ? known : oldest) = {.key = key, .until_ms = now_ms + lifetime_ms};
}

}  // namespace server
