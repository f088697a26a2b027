// Which refused connections are named in messages, and how many more there were.
#include "apps/server/listen/refusals.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "uring/fd.h"

namespace server {
namespace {

using Reason = Refusals::Reason;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t begin_us = 50 * second_us;
const Peer peer = parse_peer("192.0.2.1").value();
const Peer other = parse_peer("2001:db8::1").value();

TEST(Refusals, are_named_once) {
  Refusals refusals;
  refusals.record(peer, Reason::late_proxy_header, begin_us);
  refusals.record(other, Reason::late_proxy_header, begin_us);
  EXPECT_EQ(refusals.left_ms(begin_us), -1);
  EXPECT_EQ(refusals.take(Reason::missing_proxy_header, begin_us).named, 0U);
  const Refusals::Report report = refusals.take(Reason::late_proxy_header, begin_us);
  ASSERT_EQ(report.named, 2U);
  EXPECT_EQ(report.peers[0], peer);
  EXPECT_EQ(report.peers[1], other);
  EXPECT_EQ(report.others, 0U);
  EXPECT_EQ(refusals.take(Reason::late_proxy_header, begin_us).named, 0U);
}

TEST(Refusals, beyond_ten_in_a_second_are_counted) {
  Refusals refusals;
  constexpr Reason reason = Reason::malformed_proxy_header;
  for (int i = 0; i < 25; ++i) {
    refusals.record(peer, reason, begin_us + i);
    if (i != 3) continue;
    EXPECT_EQ(refusals.take(reason, begin_us + i).named, 4U);
  }
  const Refusals::Report report = refusals.take(reason, begin_us + 25);
  EXPECT_EQ(report.named, 6U);
  EXPECT_EQ(report.others, 0U);  // the second is not over
  EXPECT_EQ(refusals.left_ms(begin_us + 500'000), 500);
  const Refusals::Report rest = refusals.take(reason, begin_us + second_us);
  EXPECT_EQ(rest.named, 0U);
  EXPECT_EQ(rest.others, 15U);
  EXPECT_EQ(refusals.left_ms(begin_us + second_us), -1);
}

TEST(Refusals, of_the_next_second_are_named_again) {
  Refusals refusals;
  constexpr Reason reason = Reason::malformed_proxy_header;
  for (int i = 0; i < 12; ++i) refusals.record(peer, reason, begin_us);
  EXPECT_EQ(refusals.take(reason, begin_us).named, 10U);
  refusals.record(other, reason, begin_us + second_us);
  const Refusals::Report report = refusals.take(reason, begin_us + second_us);
  EXPECT_EQ(report.named, 1U);
  EXPECT_EQ(report.others, 2U);
}

TEST(Refusals, of_different_reasons_are_counted_apart) {
  Refusals refusals;
  for (int i = 0; i < 10; ++i) refusals.record(peer, Reason::late_proxy_header, begin_us);
  refusals.record(peer, Reason::missing_proxy_header, begin_us);
  EXPECT_EQ(refusals.take(Reason::missing_proxy_header, begin_us).named, 1U);
  EXPECT_EQ(refusals.left_ms(begin_us), -1);
}

// An event for each that is named, and one for all others of a second.
TEST(Refusals, wake_the_main_thread_rarely) {
  const uring::Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  Refusals refusals;
  refusals.notify(event.get());
  for (int i = 0; i < 1000; ++i) refusals.record(peer, Reason::late_proxy_header, begin_us);
  std::uint64_t count = 0;
  ASSERT_EQ(::read(event.get(), &count, sizeof count), sizeof count);
  EXPECT_EQ(count, Refusals::most_named + 1);
}

TEST(Refusals, have_a_reason_in_words) {
  for (std::size_t i = 0; i < Refusals::reason_count; ++i) {
    EXPECT_STRNE(describe(static_cast<Reason>(i)), "");
  }
}

}  // namespace
}  // namespace server
