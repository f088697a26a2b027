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

}  // namespace
}  // namespace server
