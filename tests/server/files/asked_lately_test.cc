// What was asked for lately is known, in any order, and hardly anything else.
#include "apps/server/files/asked_lately.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

std::uint64_t hash_of(std::size_t number) {
  return std::hash<std::string>{}("file" + std::to_string(number));
}

TEST(Asked, knows_all_of_the_last_ones_in_every_round) {
  Asked asked;
  for (std::size_t i = 0; i < Asked::least_known; ++i) asked.again(hash_of(i));
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < Asked::least_known; ++i) ASSERT_TRUE(asked.again(hash_of(i))) << i;
  }
}

TEST(Asked, forgets_what_was_long_ago_and_takes_few_for_others) {
  Asked asked;
  std::size_t known = 0;
  for (std::size_t i = 0; i < 100'000; ++i) known += asked.again(hash_of(i)) ? 1U : 0U;
  EXPECT_LT(known, 4000U);
  known = 0;
  for (std::size_t i = 0; i < 1000; ++i) known += asked.again(hash_of(i)) ? 1U : 0U;
  EXPECT_LT(known, 60U);
}

}  // namespace
}  // namespace server
