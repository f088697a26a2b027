// How many workers and connections the server has where no option says so.
#include "apps/server/process/resource_limits.h"

#include <cstddef>
#include <sched.h>
#include <sys/resource.h>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(ResourceLimits, allow_a_connection_for_three_files) {
  EXPECT_EQ(connections_for(96), 32U);
  EXPECT_EQ(connections_for(1024), 341U);
  EXPECT_EQ(connections_for(1'048'576), 349'525U);
}

TEST(ResourceLimits, allow_at_least_one_connection_and_at_most_a_million) {
  for (const std::uint64_t files : {0U, 1U, 3U, 5U}) EXPECT_EQ(connections_for(files), 1U);
  EXPECT_EQ(connections_for(RLIM_INFINITY), 1'000'000U);
}

TEST(ResourceLimits, count_the_files_that_a_server_needs_for_itself) {
  const std::uint64_t least = needed_files(1, 1, 0);
  EXPECT_EQ(needed_files(1, 1, 2), least + 4);
  EXPECT_EQ(needed_files(2, 1, 0), least + 5);
  EXPECT_EQ(needed_files(2, 3, 0), least + 9);
}

TEST(ResourceLimits, count_the_CPUs_that_the_process_may_use) {
  const unsigned all = usable_cpus();
  ASSERT_GE(all, 1U);
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  std::size_t cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  CPU_SET(cpu, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_cpus(), 1U);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(usable_cpus(), all);
}

TEST(ResourceLimits, leave_the_file_caches_an_eighth_of_the_descriptors) {
  EXPECT_EQ(cached_files_for(1024, 2), 64U);
  EXPECT_EQ(cached_files_for(128, 4), 4U);
  EXPECT_EQ(cached_files_for(20, 64), 1U);
  EXPECT_EQ(cached_files_for(1'048'576, 2), 256U);
}

TEST(ResourceLimits, raise_the_soft_limit_of_files_to_the_hard_limit) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lower = before;
  lower.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  EXPECT_EQ(raise_file_limit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace server
