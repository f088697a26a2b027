// The text of the attribute with a digest: tables.
#include "apps/server/plan/digest_attribute.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

using http1::Digest;
using http1::DigestAlgorithm;

// Of "hello\n", by sha256sum.
const std::string hex = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
constexpr FileFacts facts{.size = 6, .mtime_ns = 1'700'000'000'123'456'789};
const std::string whole = "1 6 1700000000123456789 " + hex;

TEST(DigestAttribute, is_written_as_it_is_read) {
  Digest digest{.algorithm = DigestAlgorithm::sha_512};
  ASSERT_TRUE(read_digest_attribute(whole, facts, digest));
  EXPECT_EQ(digest.algorithm, DigestAlgorithm::sha_256);
  EXPECT_EQ(digest.bytes[0], 0x58);
  EXPECT_EQ(digest.bytes[31], 0x03);
  std::array<char, most_digest_attribute_bytes> buffer{};
  EXPECT_EQ(write_digest_attribute(facts, digest, buffer), whole);
  using Limits = std::numeric_limits<std::int64_t>;
  for (const std::int64_t time : {Limits::min(), std::int64_t{-1}, Limits::max()}) {
    const FileFacts extreme{.size = std::numeric_limits<std::uint64_t>::max(), .mtime_ns = time};
    const std::string text(write_digest_attribute(extreme, digest, buffer));
    EXPECT_TRUE(read_digest_attribute(text, extreme, digest)) << text;
  }
}

TEST(DigestAttribute, of_a_file_whose_time_says_nothing_is_none) {
  for (const std::int64_t time : {0, 1'000'000'000}) {
    Digest digest;
    const std::string text = "1 6 " + std::to_string(time) + " " + hex;
    EXPECT_FALSE(read_digest_attribute(text, {.size = 6, .mtime_ns = time}, digest)) << text;
  }
}

TEST(DigestAttribute, of_another_file_or_another_form_is_none) {
  const std::vector<std::string> rows = {
      "",
      hex,
      "1 6 " + hex,
      "2 6 1700000000123456789 " + hex,
      "1 7 1700000000123456789 " + hex,
      "1 6 1700000000123456788 " + hex,
      "1 6 -1700000000123456789 " + hex,
      "1 06 1700000000123456789 " + hex,
      "1 +6 1700000000123456789 " + hex,
      "1  6 1700000000123456789 " + hex,
      "1 6 1700000000123456789  " + hex,
      "1 6 1700000000123456789" + hex,
      " " + whole,
      whole + "\n",
      whole + '\0',
      whole + "00",
      whole.substr(0, whole.size() - 1),
      whole.substr(0, whole.size() - 1) + "g",
      "1 6 1700000000123456789 5891B5" + hex.substr(6),
      std::string(100, 'a'),
      std::string(100'000, '1'),
  };
  for (const std::string& text : rows) {
    Digest digest;
    EXPECT_FALSE(read_digest_attribute(text, facts, digest)) << text.substr(0, 120);
  }
}

}  // namespace
}  // namespace server
