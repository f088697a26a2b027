// Entity tags: which facts they are made of.
#include "apps/server/plan/facts.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

TEST(Tags, are_made_of_time_and_size_alone) {
  EXPECT_EQ(tag_of(lab::old_facts).text(), lab::old_tag);
  EXPECT_EQ(tag_of({}).text(), "\"0-0\"");
  EXPECT_EQ(tag_of({.size = UINT64_MAX, .mtime_ns = -1}).text(),
            "\"ffffffffffffffff-ffffffffffffffff\"");
  // RFC 9110 8.8.3.3: two representations of one resource have two tags.
  EXPECT_EQ(tag_of({.size = UINT64_MAX, .mtime_ns = -1, .coding = Coding::zstd}).text(),
            "\"ffffffffffffffff-ffffffffffffffff-zstd\"");
  EXPECT_NE(tag_of({.size = 1, .mtime_ns = 2}).text(), tag_of({.size = 2, .mtime_ns = 1}).text());
  EXPECT_NE(tag_of({.size = 1, .mtime_ns = 2}).text(), tag_of({.size = 1, .mtime_ns = 3}).text());
}

TEST(Validators, are_missing_for_times_that_say_nothing_about_the_content) {
  EXPECT_FALSE((FileFacts{.mtime_ns = 0}.has_validators()));
  EXPECT_FALSE((FileFacts{.mtime_ns = 1'000'000'000}.has_validators()));
  for (const std::int64_t mtime_ns : {-1'000'000'000LL, 1LL, 1'000'000'001LL, 2'000'000'000LL}) {
    EXPECT_TRUE((FileFacts{.mtime_ns = mtime_ns}.has_validators())) << mtime_ns;
  }
}

}  // namespace
}  // namespace server
