// Recent requests are recognised in any order, old ones are not, and false positives are few.
#include "apps/server/files/recent_requests.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

constexpr std::size_t recent = RecentRequests::paths_per_filter;

std::uint64_t hash_of(std::size_t number) {
  return std::hash<std::string>{}("file" + std::to_string(number));
}

TEST(RecentRequests, recognise_the_last_ones_in_every_round) {
  RecentRequests requests;
  for (std::size_t i = 0; i < recent; ++i) requests.record(hash_of(i));
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < recent; ++i) ASSERT_TRUE(requests.record(hash_of(i))) << i;
  }
}

TEST(RecentRequests, do_not_contain_old_ones_and_have_few_false_positives) {
  RecentRequests requests;
  std::size_t known = 0;
  for (std::size_t i = 0; i < 100'000; ++i) known += requests.record(hash_of(i)) ? 1U : 0U;
  EXPECT_LT(known, 4000U);
  known = 0;
  for (std::size_t i = 0; i < 1000; ++i) known += requests.record(hash_of(i)) ? 1U : 0U;
  EXPECT_LT(known, 60U);
}

}  // namespace
}  // namespace server
