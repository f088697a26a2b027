// Texts that are numbers, and texts that are none.
#include "apps/options/whole_number.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace options {
namespace {

TEST(WholeNumber, is_the_value_of_all_digits) {
  EXPECT_EQ(whole_number<unsigned>("0"), 0U);
  EXPECT_EQ(whole_number<unsigned>("007"), 7U);
  EXPECT_EQ(whole_number<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(whole_number<double>("2.5"), 2.5);
}

TEST(WholeNumber, is_none_where_other_bytes_stand) {
  for (const char* text : {"", " ", "1 ", " 1", "-1", "+1", "1x", "x1", "1.5", "0x10"}) {
    EXPECT_FALSE(whole_number<unsigned>(text)) << text;
  }
}

TEST(WholeNumber, is_none_beyond_its_type) {
  EXPECT_FALSE(whole_number<std::uint16_t>("65536"));
  EXPECT_FALSE(whole_number<std::uint64_t>("18446744073709551616"));
}

}  // namespace
}  // namespace options
