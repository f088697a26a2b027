// When a program is to exit.
#include "apps/options/exit_reason.h"

#include <gtest/gtest.h>

namespace options {
namespace {

TEST(ExitReasons, are_a_status_or_a_text_that_was_asked_for) {
  EXPECT_FALSE(ExitReason());
  EXPECT_TRUE(ExitReason({.status = EX_USAGE, .text = "there is no option --nonsense"}));
  EXPECT_TRUE(ExitReason({.status = EX_SOFTWARE}));
  EXPECT_TRUE(ExitReason({.text = "Usage: quoitd [OPTION...]\n"}));
}

}  // namespace
}  // namespace options
