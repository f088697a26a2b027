// Dictionaries of digests: tables.
#include "parser/digests.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace http1 {
namespace {

// Of "hello\n", by sha256sum.
const std::string hello = "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:";
const std::string zeros_32 = "sha-256=:" + std::string(43, 'A') + "=:";
const std::string zeros_64 = "sha-512=:" + std::string(86, 'A') + "==:";

enum class Found { none, invalid, valid };

Found found(const FieldDigests::Value& value) {
  if (!value.is_present) return Found::none;
  return value.is_valid ? Found::valid : Found::invalid;
}

struct Row {
  std::string line;
  bool is_dictionary = true;
  Found sha_256 = Found::none;
  Found sha_512 = Found::none;
  bool has_unknown = false;
};

const std::vector<Row> rows = {
    {.line = ""},
    {.line = hello, .sha_256 = Found::valid},
    {.line = zeros_64, .sha_512 = Found::valid},
    {.line = zeros_32 + ", " + zeros_64, .sha_256 = Found::valid, .sha_512 = Found::valid},
    {.line = "md5=:AAAA:", .has_unknown = true},
    {.line = "md5=1, " + hello, .sha_256 = Found::valid, .has_unknown = true},
    {.line = "sha-256=:" + std::string(43, 'A') + ":", .sha_256 = Found::valid},
    {.line = "sha-256=1, " + hello, .sha_256 = Found::valid},
    {.line = hello + ", sha-256=1", .sha_256 = Found::invalid},
    {.line = "sha-256=:AAAA:", .sha_256 = Found::invalid},
    {.line = "sha-512=:" + std::string(43, 'A') + "=:", .sha_512 = Found::invalid},
    {.line = "sha-256=:" + std::string(42, 'A') + "B=:", .sha_256 = Found::invalid},
    {.line = "sha-256", .sha_256 = Found::invalid},
    {.line = "SHA-256=:AAAA:", .is_dictionary = false},
    {.line = "sha-256=AAAA==", .is_dictionary = false, .sha_256 = Found::invalid},
    {.line = hello + ",", .is_dictionary = false, .sha_256 = Found::valid},
};

TEST(Digests, AreReadFromALine) {
  for (const Row& row : rows) {
    FieldDigests digests;
    EXPECT_EQ(add_digests(row.line, digests), row.is_dictionary) << row.line;
    EXPECT_EQ(found(digests.of(DigestAlgorithm::sha_256)), row.sha_256) << row.line;
    EXPECT_EQ(found(digests.of(DigestAlgorithm::sha_512)), row.sha_512) << row.line;
    EXPECT_EQ(digests.has_unknown, row.has_unknown) << row.line;
  }
}

TEST(Digests, AreReadFromAllLinesOfTheField) {
  const std::string text = "PUT /a HTTP/1.1\r\nHost: a\r\nRepr-Digest: " + zeros_32 +
                           "\r\nContent-Digest: sha-512\r\nRepr-Digest: " + hello + "\r\n\r\n";
  RequestHead head;
  ASSERT_EQ(parse_request(text, head), Progress::done);
  FieldDigests repr;
  ASSERT_TRUE(add_digests(head, FieldName::repr_digest, repr));
  EXPECT_EQ(repr.of(DigestAlgorithm::sha_256).digest.bytes[0], 0x58) << "the last one counts";
  EXPECT_FALSE(repr.of(DigestAlgorithm::sha_512).is_present) << "it is of another field";
}

TEST(Digests, OfALineThatIsNoDictionaryMakeTheFieldMalformed) {
  const std::string text =
      "PUT /a HTTP/1.1\r\nHost: a\r\nRepr-Digest: " + hello + "\r\nRepr-Digest: =\r\n\r\n";
  RequestHead head;
  ASSERT_EQ(parse_request(text, head), Progress::done);
  FieldDigests repr;
  EXPECT_FALSE(add_digests(head, FieldName::repr_digest, repr));
}

TEST(Digests, AreWrittenAsTheyAreRead) {
  for (const std::string& line : {hello, zeros_32, zeros_64}) {
    FieldDigests digests;
    ASSERT_TRUE(add_digests(line, digests)) << line;
    const bool is_short = digests.of(DigestAlgorithm::sha_256).is_present;
    const DigestAlgorithm algorithm =
        is_short ? DigestAlgorithm::sha_256 : DigestAlgorithm::sha_512;
    const Digest& digest = digests.of(algorithm).digest;
    EXPECT_EQ(digest.value().size(), is_short ? 32U : 64U);
    std::array<char, most_digest_text_bytes> buffer{};
    EXPECT_EQ(write_digest(digest, buffer), line);
  }
}

TEST(Digests, HaveTheNamesOfTheRegistry) {
  for (const DigestAlgorithm algorithm : digest_algorithms) {
    EXPECT_EQ(digest_algorithm_of(name_of(algorithm)), algorithm);
  }
  EXPECT_EQ(digest_algorithm_of("md5"), std::nullopt);
  EXPECT_EQ(digest_algorithm_of("SHA-256"), std::nullopt);
}

}  // namespace
}  // namespace http1
