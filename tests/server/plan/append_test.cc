// Appending to a buffer of fixed size.
#include "apps/server/plan/append.h"

#include <array>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Append, joins_texts_at_the_front_of_the_buffer) {
  std::array<char, 8> buffer{};
  std::string_view text = append(buffer, {buffer.data(), 0}, "abc");
  text = append(buffer, text, "");
  text = append(buffer, text, "de");
  EXPECT_EQ(text, "abcde");
  EXPECT_EQ(text.data(), buffer.data());
}

TEST(Append, fills_the_buffer) {
  std::array<char, 4> buffer{};
  EXPECT_EQ(append(buffer, {buffer.data(), 0}, "abcd"), "abcd");
}

TEST(AppendDeathTest, cuts_nothing) {
  std::array<char, 4> buffer{};
  EXPECT_DEATH(static_cast<void>(append(buffer, {buffer.data(), 0}, "abcdef")), "");
}

}  // namespace
}  // namespace server
