// Want-Repr-Digest and Want-Content-Digest of GET and HEAD.
#include "apps/server/read/wanted_digests.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "apps/server/files/digests.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;

std::string line_of(http1::FieldName field, std::string_view bytes) {
  Digest digest;
  EXPECT_TRUE(digest_bytes(bytes, digest));
  std::array<char, most_digest_line_bytes> buffer{};
  return std::string(write_digest_line(field, digest, buffer));
}
std::string repr(std::string_view bytes) { return line_of(http1::FieldName::repr_digest, bytes); }
std::string content(std::string_view bytes) {
  return line_of(http1::FieldName::content_digest, bytes);
}

// With a cache for small files, and without one.
class WantedDigests : public lab::InWorld, public ::testing::WithParamInterface<bool> {
 protected:
  WantedDigests() : InWorld(GetParam() ? lab::default_cache_bytes : 0) {
    world.root.put("a.txt", "0123456789");
    world.root.put("a.txt.gz", "coded");
    world.root.put("large", large);
  }
  std::string ask(std::string_view method, std::string_view target, std::string_view fields) {
    return world.ask(head_of(method, target, fields));
  }
  static bool has(const std::string& answer, const std::string& line) {
    return answer.find("\r\n" + line) != std::string::npos;
  }

  const std::string large = lab::pattern(400'000);
  const std::string both = "Want-Repr-Digest: sha-256=1\r\nWant-Content-Digest: sha-256=1\r\n";
};
INSTANTIATE_TEST_SUITE_P(Cache, WantedDigests, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& one) {
                           return one.param ? "with_a_cache" : "without_a_cache";
                         });

TEST_P(WantedDigests, come_with_a_file_where_they_are_wanted) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask("GET", "/a.txt", "").find("Digest"), std::string::npos);
    const std::string answer = ask("GET", "/a.txt", both);
    EXPECT_TRUE(has(answer, repr("0123456789"))) << answer;
    EXPECT_TRUE(has(answer, content("0123456789"))) << answer;
    EXPECT_TRUE(has(ask("GET", "/large", both), repr(large)));
  }
  const std::string one = ask("GET", "/a.txt", "Want-Repr-Digest: sha-256=1\r\n");
  EXPECT_EQ(one.find("Content-Digest"), std::string::npos) << one;
  const std::string unknown = ask("GET", "/a.txt", "Want-Repr-Digest: md5=10\r\n");
  EXPECT_EQ(unknown.find("Digest"), std::string::npos) << unknown;
  const std::string longer = ask("GET", "/a.txt", "Want-Repr-Digest: sha-512=9, sha-256=1\r\n");
  EXPECT_NE(longer.find("\r\nRepr-Digest: sha-512=:"), std::string::npos) << longer;
}

TEST_P(WantedDigests, of_a_part_are_about_the_part_and_about_the_file) {
  const std::string answer = ask("GET", "/a.txt", both + "Range: bytes=2-4\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 206 "));
  EXPECT_TRUE(has(answer, repr("0123456789"))) << answer;
  EXPECT_TRUE(has(answer, content("234"))) << answer;
  const std::string end = ask("GET", "/large", both + "Range: bytes=100000-\r\n");
  EXPECT_TRUE(has(end, repr(large)));
  EXPECT_TRUE(has(end, content(large.substr(100'000))));
  const std::string parts = ask("GET", "/a.txt", both + "Range: bytes=0-1,5-6\r\n");
  EXPECT_TRUE(has(parts, repr("0123456789"))) << parts;
  EXPECT_EQ(parts.find("Content-Digest"), std::string::npos) << parts;
}

TEST_P(WantedDigests, of_a_head_are_about_the_file) {
  const std::string answer = ask("HEAD", "/a.txt", both);
  EXPECT_TRUE(has(answer, repr("0123456789"))) << answer;
  EXPECT_EQ(answer.find("Content-Digest"), std::string::npos) << answer;
}

TEST_P(WantedDigests, of_a_precompressed_file_are_about_its_coded_bytes) {
  world.site.precompressed = true;
  const std::string answer = ask("GET", "/a.txt", both + "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(has(answer, "Content-Encoding: gzip")) << answer;
  EXPECT_TRUE(has(answer, repr("coded"))) << answer;
}

TEST_P(WantedDigests, come_with_no_other_response) {
  for (const char* target : {"/none", "/"}) {
    EXPECT_EQ(ask("GET", target, both).find("Digest"), std::string::npos) << target;
  }
  const std::string range = ask("GET", "/a.txt", both + "Range: bytes=20-\r\n");
  EXPECT_EQ(range.find("Digest"), std::string::npos) << range;
  const std::string known = ask("GET", "/a.txt", both + "If-None-Match: *\r\n");
  EXPECT_TRUE(known.starts_with("HTTP/1.1 304 "));
  EXPECT_EQ(known.find("Digest"), std::string::npos) << known;
}

}  // namespace
}  // namespace server
