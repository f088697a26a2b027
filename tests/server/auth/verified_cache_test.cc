// What the cache of right credentials has, for how long, and how much.
#include "apps/server/auth/verified_cache.h"

#include <gtest/gtest.h>

namespace server {
namespace {

crypto::Sha256 key_of(std::uint32_t number) {
  crypto::Sha256 key{};
  key[0] = static_cast<unsigned char>(number);
  for (std::size_t i = 0; i < 4; ++i) key[4 + i] = static_cast<unsigned char>(number >> 8 * i);
  return key;
}

TEST(VerifiedCache, HasAKeyForFiveMinutes) {
  VerifiedCache cache;
  EXPECT_FALSE(cache.has(key_of(0), 1));
  cache.add(key_of(1), 1000);
  EXPECT_TRUE(cache.has(key_of(1), 1000));
  EXPECT_TRUE(cache.has(key_of(1), 300'999));
  EXPECT_FALSE(cache.has(key_of(1), 301'000));
  cache.add(key_of(1), 301'000);
  EXPECT_TRUE(cache.has(key_of(1), 301'000));
}

TEST(VerifiedCache, ComparesTheWholeKey) {
  VerifiedCache cache;
  cache.add(key_of(7), 1000);
  crypto::Sha256 other = key_of(7);
  other.back() = 1;
  EXPECT_FALSE(cache.has(other, 1000));
}

TEST(VerifiedCache, ReplacesTheOldestOfASet) {
  VerifiedCache cache;
  for (std::uint32_t i = 0; i < 5; ++i) cache.add(key_of(7 + 256 * i), 1000 + i);
  EXPECT_FALSE(cache.has(key_of(7), 1010));
  for (std::uint32_t i = 1; i < 5; ++i) EXPECT_TRUE(cache.has(key_of(7 + 256 * i), 1010)) << i;
}

}  // namespace
}  // namespace server
