// The lines of --json.
#include "apps/client/screen/events.h"

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Events, HaveTheFieldsThatAreSet) {
  EXPECT_EQ(event_line({.event = "start"}), "{\"event\": \"start\"}\n");
  EXPECT_EQ(event_line({.event = "e",
                        .url = "u",
                        .file = "f",
                        .bytes = 1,
                        .total = 18446744073709551615U,
                        .files = 3,
                        .failed = 4,
                        .status = 200,
                        .etag = "\"t\"",
                        .exit = 0,
                        .message = "m"}),
            "{\"event\": \"e\", \"url\": \"u\", \"file\": \"f\", \"bytes\": 1, \"total\": "
            "18446744073709551615, \"files\": 3, \"failed\": 4, \"status\": 200, \"etag\": "
            "\"\\\"t\\\"\", \"exit\": 0, \"message\": \"m\"}\n");
}

TEST(Events, AreJsonWhateverANameHas) {
  EXPECT_EQ(event_line({.event = "e", .file = std::string_view("a\"b\\c\n\0\x1b\x7f", 9)}),
            "{\"event\": \"e\", \"file\": \"a\\\"b\\\\c\\u000a\\u0000\\u001b\\u007f\"}\n");
  EXPECT_EQ(event_line({.event = "e", .file = "\xc3\xa9\xff\xc3"}),
            "{\"event\": \"e\", \"file\": \"\xc3\xa9\\ufffd\\ufffd\"}\n");
}

}  // namespace
}  // namespace client
