// One claim at a time is granted for a name, in order of arrival, across threads.
#include "apps/server/files/claims.h"

#include <atomic>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

using uring::Fault;

bool is_granted(const Claim& claim) {
  pollfd ready{.fd = claim.event, .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) == 1;
}

void wait_for(const Claim& claim) {
  eventfd_t count = 0;
  EXPECT_EQ(::eventfd_read(claim.event, &count), 0);
  EXPECT_EQ(count, 1U);
}

TEST(Claims, are_granted_in_order_of_arrival) {
  Claims claims;
  const ClaimKey key{.device = 1, .inode = 2, .name = "a"};
  Claim first;
  Claim second;
  Claim third;
  EXPECT_EQ(claims.enter(first, key), Fault::none);
  EXPECT_EQ(claims.enter(second, key), Fault::try_again);
  EXPECT_EQ(claims.enter(third, key), Fault::try_again);
  EXPECT_FALSE(is_granted(second));
  claims.leave(first);
  EXPECT_TRUE(is_granted(second));
  EXPECT_FALSE(is_granted(third));
  claims.leave(second);
  EXPECT_TRUE(is_granted(third));
  claims.leave(third);
  EXPECT_EQ(claims.enter(first, key), Fault::none);
  claims.leave(first);
}

TEST(Claims, of_different_names_do_not_wait) {
  Claims claims;
  Claim one;
  Claim two;
  Claim three;
  EXPECT_EQ(claims.enter(one, {.device = 1, .inode = 2, .name = "a"}), Fault::none);
  EXPECT_EQ(claims.enter(two, {.device = 1, .inode = 2, .name = "b"}), Fault::none);
  EXPECT_EQ(claims.enter(three, {.device = 1, .inode = 3, .name = "a"}), Fault::none);
  claims.leave(one);
  claims.leave(two);
  claims.leave(three);
}

// On a file system that folds case both names are one file.
TEST(Claims, of_names_that_differ_in_case_wait) {
  Claims claims;
  Claim one;
  Claim two;
  EXPECT_EQ(claims.enter(one, {.name = "File"}), Fault::none);
  EXPECT_EQ(claims.enter(two, {.name = "fILE"}), Fault::try_again);
  claims.leave(one);
  claims.leave(two);
}

TEST(Claims, can_be_left_while_waiting) {
  Claims claims;
  Claim first;
  Claim second;
  Claim third;
  EXPECT_EQ(claims.enter(first, {}), Fault::none);
  EXPECT_EQ(claims.enter(second, {}), Fault::try_again);
  EXPECT_EQ(claims.enter(third, {}), Fault::try_again);
  claims.leave(second);
  EXPECT_FALSE(is_granted(third));
  claims.leave(first);
  EXPECT_TRUE(is_granted(third));
  claims.leave(third);
}

TEST(Claims, exclude_each_other_across_threads) {
  Claims claims;
  std::atomic<int> inside = 0;
  int sum = 0;  // guarded by the claims alone
  const auto work = [&](unsigned thread) {
    for (int i = 0; i < 2000; ++i) {
      const std::string name = "name" + std::to_string(i % 2 ? 0 : thread);
      const bool shared = i % 2 != 0;
      Claim claim;
      const Fault fault = claims.enter(claim, {.device = 1, .inode = 1, .name = name});
      if (fault == Fault::try_again) wait_for(claim);
      if (shared) {
        EXPECT_EQ(inside.fetch_add(1), 0);
        ++sum;
        inside.fetch_sub(1);
      }
      claims.leave(claim);
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < 4; ++i) threads.emplace_back(work, i);
  threads.clear();
  EXPECT_EQ(sum, 4000);
}

}  // namespace
}  // namespace server
