// Temporary names: how they are written, and which names are recognised.
#include "apps/server/plan/temporary_name.h"

#include <string_view>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(TemporaryNames, have_the_random_bits_in_hexadecimal) {
  EXPECT_STREQ(temporary_name(0x0123456789abcdef).data(), ".quoit-0123456789abcdef.tmp");
  EXPECT_STREQ(temporary_name(0).data(), ".quoit-0000000000000000.tmp");
}

TEST(TemporaryNames, are_recognised_as_a_whole) {
  EXPECT_TRUE(is_temporary(temporary_name(UINT64_MAX).data()));
  for (const std::string_view name :
       {"", ".quoit-", ".quoit-.tmp", ".quoit-0123456789abcde.tmp", ".quoit-0123456789abcdef0.tmp",
        ".quoit-0123456789ABCDEF.tmp", ".quoit-0123456789abcdef", "quoit-0123456789abcdef.tmp",
        ".quoit-0123456789abcdef.tmp~", "x.quoit-0123456789abcdef.tmp"}) {
    EXPECT_FALSE(is_temporary(name)) << name;
  }
}

}  // namespace
}  // namespace server
