// Contents and their parts.
#include "tests/soak/content.h"

#include <gtest/gtest.h>

namespace soak {
namespace {

TEST(Content, HasTheSizeOfItsVersion) {
  for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 100'000U}) {
    EXPECT_EQ(content_of(make_version(3, size)).size(), size);
  }
}

TEST(Content, DiffersBetweenVersions) {
  EXPECT_NE(content_of(make_version(3, 100)), content_of(make_version(4, 100)));
}

TEST(Content, IsRecognisedInParts) {
  const Version version = make_version(3, 100);
  const std::string bytes = content_of(version);
  for (std::size_t begin = 0; begin <= bytes.size(); ++begin) {
    for (std::size_t end = begin; end <= bytes.size(); ++end) {
      EXPECT_TRUE(is_part_of(version, begin, bytes.substr(begin, end - begin)));
    }
  }
  EXPECT_FALSE(is_part_of(version, 1, bytes.substr(0, 8)));
  EXPECT_FALSE(is_part_of(version, 0, bytes + "x"));
  EXPECT_FALSE(is_part_of(make_version(4, 100), 0, bytes));
}

}  // namespace
}  // namespace soak
