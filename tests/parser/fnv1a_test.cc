// Fnv1a: the published test vectors, and that pieces hash like the whole.
#include "parser/fnv1a.h"

#include <gtest/gtest.h>

namespace http1 {
namespace {

TEST(Fnv1aHash, MatchesThePublishedVectors) {
  EXPECT_EQ(Fnv1a().value(), 0xcbf29ce484222325);
  EXPECT_EQ(Fnv1a().add("a").value(), 0xaf63dc4c8601ec8c);
  EXPECT_EQ(Fnv1a().add("foobar").value(), 0x85944171f73967e8);
}

TEST(Fnv1aHash, OfPiecesIsThatOfTheWholeText) {
  const std::uint64_t whole = Fnv1a().add("foobar").value();
  EXPECT_EQ(Fnv1a().add("foo").add("bar").value(), whole);
  EXPECT_EQ(Fnv1a(Fnv1a().add("foo").value()).add("bar").value(), whole);
  EXPECT_EQ(Fnv1a().add('f').add("oobar").value(), whole);
}

TEST(Fnv1aHash, OfAWordIsThatOfItsBytesWithTheLowestFirst) {
  EXPECT_EQ(Fnv1a().add_word(0x6867666564636261).value(), Fnv1a().add("abcdefgh").value());
}

TEST(Fnv1aHash, OfBytesAbove127IsThatOfUnsignedBytes) {
  EXPECT_EQ(Fnv1a().add("\xff").value(), Fnv1a().add(static_cast<unsigned char>(0xff)).value());
}

}  // namespace
}  // namespace http1
