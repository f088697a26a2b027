// Small files that a person names.
#include "apps/client/local/small_file.h"

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace client {
namespace {

TEST(SmallFile, IsReadWhole) {
  const test_support::Scratch scratch;
  const std::string bytes = test_support::noise(10'000);
  scratch.write("f", bytes);
  std::string text;
  EXPECT_FALSE(read_small_file(scratch.path("f"), 10'000, text));
  EXPECT_TRUE(text == bytes);
}

TEST(SmallFile, IsRefusedWhereItIsLargeOrMissing) {
  const test_support::Scratch scratch;
  scratch.write("f", std::string((1 << 20) + 5000, 'x'));
  std::string text;
  const ExitReason large = read_small_file(scratch.path("f"), 1 << 20, text);
  EXPECT_EQ(code_of(large), ExitCode::read_error);
  EXPECT_NE(large.text.find("is larger than 1 MiB"), std::string::npos) << large.text;
  EXPECT_EQ(code_of(read_small_file(scratch.path("missing"), 10, text)), ExitCode::read_error);
}

TEST(SmallFile, AddsTheUrlsOfAList) {
  const test_support::Scratch scratch;
  scratch.write("list", "http://h/b\n#no\n\n http://h/c \r\nhttp://h/d");
  Arguments arguments{.urls = {"http://h/a"}, .url_list = scratch.path("list")};
  EXPECT_FALSE(read_url_list(arguments));
  EXPECT_EQ(arguments.urls,
            (std::vector<std::string>{"http://h/a", "http://h/b", "http://h/c", "http://h/d"}));
}

}  // namespace
}  // namespace client
