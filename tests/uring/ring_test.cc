// The ring alone: its set-up, and what it says when it cannot be.
#include "uring/ring.h"

#include <cerrno>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace uring {
namespace {

TEST(Rings, SayHowTheyAreSetUp) {
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

TEST(Rings, SayWhatTheyDoWithout) {
  struct Row {
    unsigned without;
    const char* says;
  };
  for (const Row& row :
       {Row{multishot_accept, "accepting one at a time"},
        Row{multishot_receive, "receiving one at a time"}, Row{buffer_ring, "provided buffers"},
        Row{deferred_task_work, "cooperative task work"}}) {
    Refusal refusal;
    const std::unique_ptr<Ring> ring = Ring::create({.without = row.without}, refusal);
    if (!ring) GTEST_SKIP() << "no ring: " << refusal.advice;
    EXPECT_NE(ring->describe().find(row.says), std::string::npos) << ring->describe();
  }
}

TEST(RingRefusals, AreToldInOneLineWithWhatToDo) {
  struct Row {
    int error;
    const char* says;
  };
  for (const Row& row :
       {Row{ENOSYS, "io_uring"}, Row{EINVAL, "Linux 5.19 or later"}, Row{ENOMEM, "ulimit -l"},
        Row{EMFILE, "ulimit -n"}, Row{ENFILE, "ulimit -n"}, Row{EIO, "Input/output error"}}) {
    const std::string text = explain_refusal(row.error);
    EXPECT_NE(text.find(row.says), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

TEST(RingRefusals, ForbiddenNameTheSysctlOrTheSeccompProfile) {
  std::ifstream file("/proc/sys/kernel/io_uring_disabled");
  std::string disabled;
  std::getline(file, disabled);
  const bool by_sysctl = disabled == "1" || disabled == "2";
  const std::string text = explain_refusal(EPERM);
  const char* const cause = by_sysctl ? "kernel.io_uring_disabled=0" : "seccomp profile";
  EXPECT_NE(text.find(cause), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST(RingRefusals, AreReturnedAndNotThrown) {
  Refusal refusal;
  // A queue without entries is nothing that any kernel gives.
  const std::unique_ptr<Ring> ring = Ring::create({.submission_entries = 0}, refusal);
  EXPECT_FALSE(ring);
  EXPECT_NE(refusal.error, 0);
  EXPECT_EQ(refusal.advice, explain_refusal(refusal.error));
}

}  // namespace
}  // namespace uring
