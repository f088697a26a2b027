// The parts of a file that several connections share.
#include "apps/client/command/gaps.h"

#include <random>

#include <gtest/gtest.h>

namespace client {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;

using Ranges = std::vector<ByteRange>;

TEST(Gaps, AreThePartsThatAreNotDone) {
  EXPECT_EQ(Gaps(10).left(), 10U);
  EXPECT_EQ(Gaps(10).done(), Ranges{});
  const Ranges done = {{0, 2}, {5, 6}, {9, 10}};
  Gaps gaps(10, done);
  EXPECT_EQ(gaps.left(), 6U);
  EXPECT_EQ(gaps.done(), done);
  ASSERT_TRUE(gaps.take(0));
  EXPECT_EQ(gaps.of(0), (ByteRange{2, 5}));
  ASSERT_TRUE(gaps.take(1));
  EXPECT_EQ(gaps.of(1), (ByteRange{6, 9}));
  EXPECT_FALSE(gaps.take(2)) << "what is left is too small to be divided";
  gaps.fill(0, 2);
  EXPECT_EQ(gaps.done(), (Ranges{{0, 4}, {5, 6}, {9, 10}}));
  gaps.fill(0, 5);
  gaps.fill(1, 3);
  EXPECT_TRUE(gaps.empty());
  EXPECT_EQ(gaps.done(), (Ranges{{0, 10}}));
  EXPECT_TRUE(Gaps(0).empty());
}

TEST(Gaps, AreHalvedForFurtherConnections) {
  Gaps gaps(16 * mib);
  ASSERT_TRUE(gaps.take(0));
  ASSERT_TRUE(gaps.take(1));
  ASSERT_TRUE(gaps.take(2));
  EXPECT_EQ(gaps.of(0), (ByteRange{0, 4 * mib}));
  EXPECT_EQ(gaps.of(2), (ByteRange{4 * mib, 8 * mib}));
  EXPECT_EQ(gaps.of(1), (ByteRange{8 * mib, 16 * mib}));
  gaps.fill(0, 3 * mib);
  gaps.release(0);
  ASSERT_TRUE(gaps.take(3)) << "the largest is divided before a small one is taken";
  EXPECT_EQ(gaps.of(3), (ByteRange{12 * mib, 16 * mib}));
  EXPECT_EQ(gaps.of(1), (ByteRange{8 * mib, 12 * mib}));
  EXPECT_EQ(gaps.of(0), ByteRange{});
  EXPECT_EQ(gaps.left(), 13 * mib);
}

// A connection that is refused leaves its half to the one that it was taken from, whose response
// goes on there.
TEST(Gaps, GoBackToTheConnectionBeforeThem) {
  Gaps gaps(16 * mib);
  ASSERT_TRUE(gaps.take(0));
  ASSERT_TRUE(gaps.take(1));
  gaps.release(1);
  EXPECT_EQ(gaps.of(0), (ByteRange{0, 16 * mib}));
  EXPECT_EQ(gaps.of(1), ByteRange{});
}

// Connections of any speed, which come and go, fill the file, and no byte is given to two.
TEST(Gaps, AreFilledWhateverTheConnectionsDo) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const std::uint64_t size = 1 + random() % (40 * mib);
    Gaps gaps(size);
    std::uint64_t filled = 0;
    for (int step = 0; !gaps.empty(); ++step) {
      ASSERT_LT(step, 100'000) << seed;
      const auto owner = static_cast<unsigned>(random() % 5);
      if (gaps.of(owner).size() == 0 && !gaps.take(owner)) continue;
      const std::uint64_t before = gaps.left();
      gaps.fill(owner, 1 + random() % (3 * mib));
      filled += before - gaps.left();
      if (random() % 4 == 0) gaps.release(owner);
      std::uint64_t there = 0;
      for (const ByteRange& range : gaps.done()) there += range.size();
      ASSERT_EQ(there + gaps.left(), size) << seed;
      ASSERT_EQ(Gaps(size, gaps.done()).left(), gaps.left()) << seed;
    }
    EXPECT_EQ(filled, size) << seed;
  }
}

TEST(Gaps, AreWrittenAsTheRangesThatAreDone) {
  const Ranges ranges = {{0, 1}, {5, 10}};
  EXPECT_EQ(ranges_text(ranges), "0-0,5-9");
  EXPECT_EQ(ranges_text({}), "none");
  EXPECT_EQ(parse_ranges("0-0,5-9", 10), ranges);
  EXPECT_EQ(parse_ranges("none", 10), Ranges{});
  for (const char* text : {"", "0-10", "5-4", "5-9,0-0", "0-4,5-9", "0-4,4-9", "0-", "-1", "0-1,",
                           "0-1,,3-4", "a-b", "0 - 1", "18446744073709551616-1"}) {
    EXPECT_FALSE(parse_ranges(text, 10)) << text;
  }
}

}  // namespace
}  // namespace client
