// --header: which values are accepted and which are refused.
#include "apps/server/plan/extra_fields.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

TEST(Extra_headers, are_stored_as_they_are) {
  ExtraFields fields;
  EXPECT_EQ(add_header("X-Content-Type-Options: nosniff", fields), "");
  EXPECT_EQ(add_header("A:", fields), "");
  EXPECT_EQ(add_header("Cache-Control:  max-age=60, public \t", fields), "");
  ASSERT_EQ(fields.lines.size(), 3U);
  EXPECT_EQ(fields.lines[0].name, "X-Content-Type-Options");
  EXPECT_EQ(fields.lines[0].value, "nosniff");
  EXPECT_EQ(fields.lines[1].value, "");
  EXPECT_EQ(fields.lines[2].value, "max-age=60, public");
}

TEST(Extra_headers, that_would_break_a_message_are_refused) {
  for (const char* text : {"",
                           "A",
                           ": a",
                           "A B: c",
                           "A : b",
                           " A: b",
                           "A: b\r\nC: d",
                           "A: b\nC: d",
                           "A: \x01",
                           "A: \x7f",
                           "A\r: b",
                           "(A): b",
                           "Content-Length: 5",
                           "content-length: 5",
                           "Transfer-Encoding: chunked",
                           "TRANSFER-ENCODING: x",
                           "Connection: close",
                           "Date: today",
                           "ETag: \"x\"",
                           "Upgrade: h2c",
                           "Content-Type: text/html",
                           "Content-Range: bytes */1",
                           "Content-Encoding: gzip",
                           "Trailer: a",
                           "Keep-Alive: a",
                           "Last-Modified: now",
                           "Location: /",
                           "Allow: GET"}) {
    ExtraFields fields;
    EXPECT_NE(add_header(text, fields), "") << text;
  }
}

TEST(Extra_headers, have_a_limit_for_all_of_them_together) {
  ExtraFields fields;
  const std::string half = "A: " + std::string(most_extra_bytes / 2 - 5, 'a');
  EXPECT_EQ(add_header(half, fields), "");
  EXPECT_EQ(add_header(half, fields), "");
  EXPECT_NE(add_header("A: b", fields), "");
  EXPECT_NE(add_header("A: " + std::string(most_extra_bytes, 'a'), fields), "");
}

}  // namespace
}  // namespace server
