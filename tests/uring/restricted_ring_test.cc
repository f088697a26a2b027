// A restricted ring executes the operations that it was made for, and the kernel refuses all
// others.
//
// What such a ring has in common with other engines is tested in engine_test.cc and other files.
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

class RestrictedRings : public testing::Test {
 protected:
  // A ring with these operations, or null where the machine has no ring or cannot restrict it.
  std::unique_ptr<Ring> make(OpCodes permitted) {
    Refusal refusal;
    std::unique_ptr<Ring> ring = Ring::create({.permitted = permitted}, refusal);
    if (ring && ring->is_restricted()) return ring;
    reason = ring ? "the kernel cannot restrict rings" : refusal.advice;
    return nullptr;
  }

  std::string reason;
};

TEST_F(RestrictedRings, ExecuteTheOperationsThatTheyWereMadeFor) {
  const std::unique_ptr<Ring> ring = make(bit_of(OpCode::read) | bit_of(OpCode::write));
  if (!ring) GTEST_SKIP() << reason;
  lab::Lab lab(*ring);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  EXPECT_EQ(
      lab.result_of([&](Io& io) { return io.write(writer.get(), "hello", at_position); }).value, 5);
  std::array<char, 8> buffer{};
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.read(reader.get(), buffer, at_position); }).value,
            5);
}

TEST_F(RestrictedRings, RefuseAllOtherOperations) {
  const std::unique_ptr<Ring> ring = make(bit_of(OpCode::read));
  if (!ring) GTEST_SKIP() << reason;
  lab::Lab lab(*ring);
  const Result opened =
      lab.result_of([&](Io& io) { return io.open(AT_FDCWD, "/", {.flags = O_RDONLY}); });
  EXPECT_EQ(opened.value, -EACCES);
  EXPECT_EQ(lab.result_of([&](Io& io) { return io.sync(0); }).value, -EACCES);
}

}  // namespace
}  // namespace uring
