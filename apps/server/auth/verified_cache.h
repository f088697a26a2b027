// VerifiedCache: the credentials that were found right in the last five minutes.
//
// A check of a password takes up to a quarter of a second by design, and a client sends its
// password with each request. The key is an HMAC, under a random key of this process, of the user,
// the password and the stored hash: the cache contains no password, and a changed file of users
// leaves no entry that matches. The table has a fixed size. Guarded by its owner. Covered by
// tests/server/auth/verified_cache_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "apps/crypto/digest.h"

namespace server {

class VerifiedCache {
 public:
  static constexpr std::int64_t lifetime_ms = 300'000;
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t sets = 256;

  // Whether `key` was added within the last lifetime_ms. `now_ms` is of a monotonic clock.
  [[nodiscard]] bool has(const crypto::Sha256& key, std::int64_t now_ms) const;
  // Adds `key`, in place of the oldest entry of its set.
  void add(const crypto::Sha256& key, std::int64_t now_ms);

 private:
  struct Entry {
    crypto::Sha256 key{};
    std::int64_t until_ms = 0;  // 0: empty
  };
  using Set = std::array<Entry, ways>;

  std::unique_ptr<std::array<Set, sets>> table_ = std::make_unique<std::array<Set, sets>>();
};

}  // namespace server
