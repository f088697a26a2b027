// --header and --cors: what is taken, what is refused, and the bytes that they become.
#include "apps/server/extra_fields.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

TEST(Extra_headers, are_taken_as_they_stand) {
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

TEST(Extra_headers, fit_into_the_room_of_a_head) {
  ExtraFields fields;
  const std::string half = "A: " + std::string(most_extra_bytes / 2 - 5, 'a');
  EXPECT_EQ(add_header(half, fields), "");
  EXPECT_EQ(add_header(half, fields), "");
  EXPECT_NE(add_header("A: b", fields), "");
  EXPECT_NE(add_header("A: " + std::string(most_extra_bytes, 'a'), fields), "");
}

TEST(Origins, are_a_scheme_and_a_host) {
  ExtraFields fields;
  for (const char* text : {"*", "null", "https://example.org", "http://[::1]:8080", "app://x"}) {
    EXPECT_EQ(add_origin(text, fields), "") << text;
  }
  for (const char* text :
       {"", "example.org", "https://", "https://example.org/", "https://example.org/a", "://a",
        "https://a, https://b", "https://a b", "https://u@a", "https://a\r\n", "/srv/files"}) {
    EXPECT_NE(add_origin(text, fields), "") << text;
  }
  EXPECT_EQ(fields.origins.size(), 5U);
  ExtraFields taken;
  EXPECT_EQ(add_header("access-control-allow-origin: *", taken), "");
  EXPECT_NE(add_origin("*", taken), "");
}

// What is added to the answer of a request with those fields.
std::string added(const ExtraFields& extra, std::string_view method, std::string_view fields) {
  const lab::Request request(lab::head_of(method, "/", fields));
  std::array<char, 4096> room{};
  http1::HeadWriter writer(room);
  write_extra_fields(extra, judge_origin(request.head, extra), "GET, HEAD, OPTIONS", writer);
  EXPECT_TRUE(writer.ok());
  return std::string(writer.written());
}

constexpr const char* exposed =
    "Access-Control-Expose-Headers: Accept-Ranges, Content-Encoding, Content-Range, Date, ETag, "
    "Location\r\n";

TEST(Cross_origin, pages_see_nothing_unless_they_are_let) {
  ExtraFields extra;
  EXPECT_EQ(added(extra, "GET", "Origin: https://a\r\n"), "");
  EXPECT_EQ(added(extra, "OPTIONS", "Origin: https://a\r\nAccess-Control-Request-Method: PUT\r\n"),
            "");
  ASSERT_EQ(add_header("A: b", extra), "");
  EXPECT_EQ(added(extra, "GET", "Origin: https://a\r\n"), "A: b\r\n");
}

TEST(Cross_origin, pages_of_any_origin_are_let_by_a_star) {
  ExtraFields extra;
  ASSERT_EQ(add_origin("*", extra), "");
  const std::string any = std::string("Access-Control-Allow-Origin: *\r\n");
  EXPECT_EQ(added(extra, "GET", "Origin: https://a\r\n"), any + exposed);
  EXPECT_EQ(added(extra, "GET", ""), any + exposed);
  EXPECT_EQ(added(extra, "OPTIONS",
                  "Origin: https://a\r\nAccess-Control-Request-Method: GET\r\n"
                  "Access-Control-Request-Headers: if-match,range\r\n"),
            any +
                "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
                "Access-Control-Allow-Headers: if-match,range\r\n"
                "Access-Control-Max-Age: 600\r\n");
  EXPECT_EQ(added(extra, "OPTIONS", "Origin: https://a\r\n"), any + exposed);
}

TEST(Cross_origin, pages_of_listed_origins_are_let_by_name) {
  ExtraFields extra;
  ASSERT_EQ(add_origin("https://a", extra), "");
  ASSERT_EQ(add_origin("https://b:1", extra), "");
  EXPECT_EQ(added(extra, "GET", "Origin: https://b:1\r\n"),
            std::string("Vary: Origin\r\nAccess-Control-Allow-Origin: https://b:1\r\n") + exposed);
  EXPECT_EQ(added(extra, "GET", "Origin: https://c\r\n"), "Vary: Origin\r\n");
  EXPECT_EQ(added(extra, "GET", ""), "Vary: Origin\r\n");
}

// What a page asks for comes back in our head.
TEST(Cross_origin, requests_cannot_write_into_the_answer) {
  ExtraFields extra;
  ASSERT_EQ(add_origin("*", extra), "");
  for (const std::string& asked :
       {std::string("a b"), std::string("a;b"), std::string(2000, 'a')}) {
    const std::string fields =
        "Origin: https://a\r\nAccess-Control-Request-Method: GET\r\n"
        "Access-Control-Request-Headers: " +
        asked + "\r\n";
    EXPECT_EQ(added(extra, "OPTIONS", fields).find("Allow-Headers"), std::string::npos) << asked;
  }
}

}  // namespace
}  // namespace server
