// Sums over workers.
#include "apps/server/admin/collect.h"

#include <array>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Sums, add_up_all_workers) {
  WorkerCounters one;
  WorkerCounters two;
  one.count_response(MethodLabel::get, 200, 100);
  one.count_response(MethodLabel::get, 200, 101);
  two.count_response(MethodLabel::get, 200, 70'000'000);
  two.count_response(MethodLabel::put, 503, 0);
  two.count_refusal(RefusalReason::address);
  two.count_timeout(TimeoutKind::body);
  one.connections.set(2);
  two.connections.set(3);
  two.tls_connections.set(2);
  two.punts.set(7);
  const std::array<WorkerCounters*, 2> workers = {&one, &two};
  const Sums sums = sum_of(workers);
  const MethodNumbers& get = sums.methods[0];
  EXPECT_EQ(get.requests[100], 3U);
  EXPECT_EQ(get.durations.buckets[0], 1U);
  EXPECT_EQ(get.durations.buckets[1], 1U);
  EXPECT_EQ(get.durations.buckets[10], 1U);
  EXPECT_EQ(get.durations.count(), 3U);
  EXPECT_EQ(get.durations.sum_us, 70'000'201U);
  EXPECT_EQ(sums.methods[2].requests[403], 1U);
  EXPECT_EQ(sums.refused[1], 1U);
  EXPECT_EQ(sums.timeouts[2], 1U);
  EXPECT_EQ(sums.connections, 5U);
  EXPECT_EQ(sums.tls_connections, 2U);
  EXPECT_EQ(sums.punts, 7U);
}

TEST(Sums, leave_out_a_status_that_there_is_not) {
  WorkerCounters worker;
  for (const int status : {0, 99, 600, 1000}) worker.count_response(MethodLabel::get, status, 1);
  const std::array<WorkerCounters*, 1> workers = {&worker};
  const Sums sums = sum_of(workers);
  for (const std::uint64_t count : sums.methods[0].requests) EXPECT_EQ(count, 0U);
  EXPECT_EQ(sums.methods[0].durations.count(), 4U);
}

}  // namespace
}  // namespace server
