// CORS: which values of --cors are accepted, and the fields of responses.
#include "apps/server/plan/cors.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

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

// The field lines that are added to the response to a request with those fields.
std::string added(const ExtraFields& extra, std::string_view method, std::string_view fields) {
  const lab::Request request(lab::head_of(method, "/", fields));
  std::array<char, 4096> buffer{};
  http1::HeadWriter writer(buffer);
  write_extra_fields(extra, false, writer);
  write_cors(judge_origin(request.head, extra), "GET, HEAD, OPTIONS", writer);
  EXPECT_TRUE(writer.ok());
  return std::string(writer.written());
}

constexpr const char* exposed =
    "Access-Control-Expose-Headers: Accept-Ranges, Content-Digest, Content-Encoding, "
    "Content-Range, Date, ETag, Location, Repr-Digest, Upload-Complete, Upload-Length, "
    "Upload-Limit, Upload-Offset\r\n";

TEST(Cross_origin, pages_may_read_nothing_by_default) {
  ExtraFields extra;
  EXPECT_EQ(added(extra, "GET", "Origin: https://a\r\n"), "");
  EXPECT_EQ(added(extra, "OPTIONS", "Origin: https://a\r\nAccess-Control-Request-Method: PUT\r\n"),
            "");
  ASSERT_EQ(add_header("A: b", extra), "");
  EXPECT_EQ(added(extra, "GET", "Origin: https://a\r\n"), "A: b\r\n");
}

TEST(Cross_origin, pages_of_all_origins_are_permitted_by_a_star) {
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

// Any page can have the origin `null`, and `*` is any page.
TEST(Cross_origin, pages_may_use_credentials_only_with_a_name) {
  for (const char* const origin : {"https://a", "null", "*"}) {
    ExtraFields extra;
    ASSERT_EQ(add_origin(origin, extra), "");
    extra.allows_credentials = true;
    const std::string lines = added(extra, "GET", "Origin: " + std::string(origin) + "\r\n");
    EXPECT_EQ(lines.find("Access-Control-Allow-Credentials: true") != std::string::npos,
              origin == std::string_view("https://a"))
        << lines;
    EXPECT_NE(lines.find("Access-Control-Allow-Origin: " + std::string(origin)), std::string::npos);
  }
}

TEST(Cross_origin, pages_of_listed_origins_are_permitted) {
  ExtraFields extra;
  ASSERT_EQ(add_origin("https://a", extra), "");
  ASSERT_EQ(add_origin("https://b:1", extra), "");
  EXPECT_EQ(added(extra, "GET", "Origin: https://b:1\r\n"),
            std::string("Vary: Origin\r\nAccess-Control-Allow-Origin: https://b:1\r\n") + exposed);
  EXPECT_EQ(added(extra, "GET", "Origin: https://c\r\n"), "Vary: Origin\r\n");
  EXPECT_EQ(added(extra, "GET", ""), "Vary: Origin\r\n");
}

// Access-Control-Request-Headers is repeated in the response, and so must be valid there.
TEST(Cross_origin, requests_cannot_inject_fields_into_the_response) {
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
