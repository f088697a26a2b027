// The Authorization field: the forms that clients write, and those that are no credentials.
#include "apps/server/plan/credentials.h"

#include <array>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/base64.h"

namespace server {
namespace {

using test_support::base64;

// "USER:SECRET", or "SECRET" of Bearer; nothing if the value is refused.
std::optional<std::string> read(std::string_view value) {
  std::array<char, credentials_buffer_bytes> buffer;
  Credentials credentials;
  if (!parse_credentials(value, buffer, credentials)) return std::nullopt;
  if (credentials.scheme == Credentials::Scheme::bearer) return std::string(credentials.secret);
  return std::string(credentials.user).append(":").append(credentials.secret);
}

TEST(Credentials, OfBasicAreDecoded) {
  EXPECT_EQ(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin:open sesame");  // RFC 7617
  EXPECT_EQ(read("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin:open sesame");
  EXPECT_EQ(read("BASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin:open sesame");
  EXPECT_EQ(read("Basic dGVzdDoxMjPCow=="), "test:123\xc2\xa3");  // RFC 7617, section 2.1
  EXPECT_EQ(read("Basic YTpiOmM="), "a:b:c");
  EXPECT_EQ(read("Basic Og=="), ":");
  EXPECT_EQ(read("Basic OnRva2Vu"), ":token");
}

TEST(Credentials, OfBearerAreTaken) {
  EXPECT_EQ(read("Bearer mF_9.B5f-4.1JqM"), "mF_9.B5f-4.1JqM");  // RFC 6750
  EXPECT_EQ(read("bearer a+/~=="), "a+/~==");
}

TEST(Credentials, ThatAreMalformedAreRefused) {
  for (const char* value : {"",
                            "Basic",
                            "Basic ",
                            "Basic  ",
                            "Bearer",
                            "Bearer ",
                            "Digest YTpi",
                            "Negotiate YTpi",
                            "BasicYTpi",
                            "Basic YWI=",          // no colon
                            "Basic YTpiYw=",       // a wrong length
                            "Basic YTpi YTpi",     // two values
                            "Basic YTpi,",         //
                            "Basic YTo-",          // base64url
                            "Basic YTpiZ===",      //
                            "Basic ====",          //
                            "Basic YTpj\xc3\xa4",  // no digits
                            "Basic YTpjZB==",      // bits behind the last byte
                            "Basic YToA",          // NUL
                            "Basic YQo6Yg==",      // a line feed
                            "Basic YTp/",          // DEL
                            "Bearer a b",
                            "Bearer a=b",
                            "Bearer =",
                            "Bearer \xc3\xa4"}) {
    EXPECT_EQ(read(value), std::nullopt) << value;
  }
}

TEST(Credentials, HaveLimits) {
  const std::string name(255, 'n');
  const std::string secret(511, 's');
  EXPECT_EQ(read("Basic " + base64(name + ":" + secret)), name + ":" + secret);
  EXPECT_EQ(read("Basic " + base64(name + "n:" + secret)), std::nullopt);
  EXPECT_EQ(read("Basic " + base64(name + "n:")), std::nullopt);
  EXPECT_EQ(read("Basic " + base64("n:" + secret + "s")), std::nullopt);
  EXPECT_EQ(read("Basic " + base64(std::string(100'000, ':'))), std::nullopt);
  EXPECT_EQ(read("Bearer " + secret), secret);
  EXPECT_EQ(read("Bearer " + secret + "s"), std::nullopt);
}

}  // namespace
}  // namespace server
