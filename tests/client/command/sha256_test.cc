// SHA-256 digests as texts.
#include "apps/client/command/sha256.h"

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace client {
namespace {

const std::string hello_hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const std::string hello_field = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

std::optional<Sha256> announced(const std::string& fields) {
  std::string text = "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 0\r\n\r\n";
  http1::ResponseHead head;
  const http1::Progress progress = http1::parse_response(text, head, http1::Method::get);
  EXPECT_EQ(progress, http1::Progress::done);
  return announced_sha256(head);
}

TEST(Sha256, IsReadAndWritten) {
  const std::optional<Sha256> digest = parse_sha256(hello_hex);
  ASSERT_TRUE(digest);
  EXPECT_EQ(hex_text(*digest), hello_hex);
  EXPECT_EQ(field_text(*digest), hello_field);
  std::string upper = hello_hex;
  for (char& byte : upper) byte = static_cast<char>(std::toupper(byte));
  EXPECT_EQ(parse_sha256(upper), digest);
  EXPECT_FALSE(parse_sha256(""));
  EXPECT_FALSE(parse_sha256(hello_hex.substr(1)));
  EXPECT_FALSE(parse_sha256(hello_hex + "0"));
  EXPECT_FALSE(parse_sha256("g" + hello_hex.substr(1)));
}

TEST(Sha256, IsTakenFromAResponse) {
  const std::optional<Sha256> hello = parse_sha256(hello_hex);
  EXPECT_EQ(announced("Repr-Digest: " + hello_field + "\r\n"), hello);
  EXPECT_EQ(announced("Repr-Digest: md5=:AA==:, " + hello_field + "\r\n"), hello);
  EXPECT_FALSE(announced(""));
  EXPECT_FALSE(announced("Content-Digest: " + hello_field + "\r\n"));
  EXPECT_FALSE(announced("Repr-Digest: sha-256=:LPJN:\r\n"));
  EXPECT_FALSE(announced("Repr-Digest: sha-256=LPJN\r\n"));
  EXPECT_FALSE(announced("Repr-Digest: \"\r\n"));
}

TEST(Sha256, MismatchesAreReportedByAServer) {
  const std::string type = "https://iana.org/assignments/http-problem-types#digest-mismatched";
  EXPECT_TRUE(reports_mismatch(R"({"title":"x","type":")" + type + R"(-values","more":[1]})"));
  EXPECT_FALSE(reports_mismatch(R"({"type":")" + type + R"("})"));
  EXPECT_FALSE(reports_mismatch(R"({"title":")" + type + R"(-values"})"));
  EXPECT_FALSE(reports_mismatch(R"({"type":")" + type + R"(-values")"));
  EXPECT_FALSE(reports_mismatch("digest-mismatched-values"));
  EXPECT_FALSE(reports_mismatch(""));
}

}  // namespace
}  // namespace client
