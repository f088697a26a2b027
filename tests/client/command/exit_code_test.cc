// Exit codes as reasons to exit. tests/client/run_test.cc has what makes the program exit with
// them.
#include "apps/client/command/exit_code.h"

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(ExitCode, BecomesAReasonAndIsReadFromIt) {
  const ExitReason reason = exit_with(ExitCode::http_error, "the server refused");
  EXPECT_TRUE(reason);
  EXPECT_EQ(reason.status, 22);
  EXPECT_EQ(reason.text, "the server refused");
  EXPECT_EQ(code_of(reason), ExitCode::http_error);
}

TEST(ExitCode, IsOkWithoutAReason) {
  const ExitReason none;
  EXPECT_FALSE(none);
  EXPECT_EQ(code_of(none), ExitCode::ok);
}

}  // namespace
}  // namespace client
