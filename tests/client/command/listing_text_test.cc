// The lines of quoit ls.
#include "apps/client/command/listing_text.h"

#include <gtest/gtest.h>

namespace client {
namespace {

const RemoteListing listing{
    .entries = {{.name = "a b", .size = 7, .modified = 784111777},
                {.name = "sub", .is_directory = true, .modified = -1},
                {.name = "z", .size = 1234567890123}},
};

TEST(ListingText, HasANameALine) {
  EXPECT_EQ(listing_text(listing, Details::hidden), "a b\nsub/\nz\n");
  EXPECT_EQ(listing_text({}, Details::shown), "");
}

TEST(ListingText, HasSizesAndTimesInColumns) {
  EXPECT_EQ(listing_text(listing, Details::shown),
            "            7  1994-11-06T08:49:37Z  a b\n"
            "            -  1969-12-31T23:59:59Z  sub/\n"
            "1234567890123  -                     z\n");
}

TEST(ListingText, HasTimesThatAreReadAgain) {
  for (const std::int64_t time : {0L, -1L, 951782400L, 4102444799L, 253402300799L}) {
    EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time);
  }
}

}  // namespace
}  // namespace client
