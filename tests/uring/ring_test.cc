// Ring: its set-up, refusals, and completions that only some kernels produce.
//
// The behaviour that it shares with Epoll is tested in engine_test.cc and other files.
#include "uring/ring.h"

#include <cerrno>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(Rings, DescribeTheirFeatures) {
  Refusal refusal;
  const std::unique_ptr<Ring> ring = Ring::create({}, refusal);
  if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
  const std::string text = ring->describe();
  EXPECT_EQ(text.rfind("io_uring (", 0), 0U) << text;
  EXPECT_EQ(text.back(), ')') << text;
  EXPECT_NE(text.find("buffer ring"), std::string::npos) << text;
  const bool deferred = text.find("single issuer, deferred task work") != std::string::npos;
  const bool cooperative = text.find("cooperative task work") != std::string::npos;
  EXPECT_FALSE(deferred && cooperative) << "one set of flags, not two: " << text;
}

TEST(Rings, DescribeTheFeaturesThatTheyLack) {
  struct Row {
    unsigned without;
    const char* text;
  };
  for (const Row& row :
       {Row{multishot_accept, "accepting one at a time"},
        Row{multishot_receive, "receiving one at a time"}, Row{buffer_ring, "provided buffers"},
        Row{deferred_task_work, "cooperative task work"}}) {
    Refusal refusal;
    const std::unique_ptr<Ring> ring = Ring::create({.without = row.without}, refusal);
    if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
    EXPECT_NE(ring->describe().find(row.text), std::string::npos) << ring->describe();
  }
}

// Linux 5.19 reports the buffer that it selected for a receive which then fails or finds the end of
// the stream; later kernels keep the buffer. The entries are made here, so that every kernel is
// tested.
TEST(Rings, RecycleTheBufferOfAReceiveThatFails) {
  constexpr unsigned all_features = ~0U;
  for (const unsigned without :
       {0U, unsigned{buffer_ring}, unsigned{multishot_receive}, all_features}) {
    Refusal refusal;
    const std::unique_ptr<Ring> ring = Ring::create({.without = without}, refusal);
    if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
    Operation once(OpCode::recv_provided);
    Stream stream;
    for (Flight* flight : {static_cast<Flight*>(&once), static_cast<Flight*>(&stream)}) {
      std::uint16_t id = 0;
      for (const int result : {0, -ECONNRESET, -ECANCELED, -EINTR}) {
        io_uring_cqe entry{};
        entry.user_data = reinterpret_cast<std::uintptr_t>(flight);
        entry.res = result;
        entry.flags = IORING_CQE_F_BUFFER | static_cast<unsigned>(id++) << IORING_CQE_BUFFER_SHIFT;
        Completion completion;
        EXPECT_TRUE(ring->process(entry, completion));
        EXPECT_EQ(completion.flight, flight);
        EXPECT_EQ(completion.result.value, result);
        EXPECT_EQ(completion.result.buffer, no_buffer);
        EXPECT_FALSE(completion.result.more);
        EXPECT_EQ(ring->buffers_in_use(), 0U) << "without " << without << ", result " << result;
      }
    }
  }
}

TEST(Rings, LeaveTheBufferOfAReceiveThatSucceedsToTheCaller) {
  Refusal refusal;
  const std::unique_ptr<Ring> ring = Ring::create({}, refusal);
  if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
  Operation operation(OpCode::recv_provided);
  io_uring_cqe entry{};
  entry.user_data = reinterpret_cast<std::uintptr_t>(&operation);
  entry.res = 5;
  entry.flags = IORING_CQE_F_BUFFER | 3U << IORING_CQE_BUFFER_SHIFT;
  Completion completion;
  EXPECT_TRUE(ring->process(entry, completion));
  EXPECT_EQ(completion.result.buffer, 3U);
  EXPECT_EQ(ring->buffers_in_use(), 1U);
  ring->recycle(completion.result.buffer);
  EXPECT_EQ(ring->buffers_in_use(), 0U);
}

TEST(Rings, ReturnARefusalInsteadOfThrowing) {
  Refusal refusal;
  // No kernel makes a queue without entries.
  const std::unique_ptr<Ring> ring = Ring::create({.submission_entries = 0}, refusal);
  EXPECT_FALSE(ring);
  EXPECT_NE(refusal.error, 0);
  EXPECT_EQ(refusal.advice, explain_refusal(refusal.error));
}

}  // namespace
}  // namespace uring
