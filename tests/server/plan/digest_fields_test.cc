// Content-Digest, Repr-Digest and their Want- fields: tables.
#include "apps/server/plan/digest_fields.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using http1::FieldName;
using lab::Request;

// Of "hello\n", by sha256sum.
const std::string sha_256 = "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:";
const std::string zeros_32 = "sha-256=:" + std::string(43, 'A') + "=:";
const std::string zeros_64 = "sha-512=:" + std::string(86, 'A') + "==:";

std::string content(const std::string& value) { return "Content-Digest: " + value + "\r\n"; }
std::string repr(const std::string& value) { return "Repr-Digest: " + value + "\r\n"; }

struct Row {
  std::string fields;
  DigestProblem problem;
  std::size_t content = 0;
  std::size_t repr = 0;
};

const std::vector<Row> rows = {
    {"", DigestProblem::none},
    {content(sha_256), DigestProblem::none, 1, 0},
    {repr(sha_256), DigestProblem::none, 0, 1},
    {content(sha_256) + repr(zeros_64), DigestProblem::none, 1, 1},
    {repr(zeros_32 + ", " + zeros_64), DigestProblem::none, 0, 2},
    {repr(zeros_32) + repr(zeros_64), DigestProblem::none, 0, 2},
    // Padding may be missing, and the last value of a key counts.
    {repr("sha-256=:" + std::string(43, 'A') + ":"), DigestProblem::none, 0, 1},
    {repr("sha-256=1, " + zeros_32), DigestProblem::none, 0, 1},
    {repr(zeros_32 + ", sha-256=1"), DigestProblem::invalid},
    {repr(zeros_32 + ";x=1"), DigestProblem::none, 0, 1},
    // Algorithms that are not implemented count only alone.
    {repr("md5=:AAAA:, " + zeros_32), DigestProblem::none, 0, 1},
    {repr("md5=:AAAA:"), DigestProblem::unsupported},
    {repr("md5=1"), DigestProblem::unsupported},
    {content(zeros_32) + repr("md5=:AAAA:"), DigestProblem::unsupported},
    {content("md5=:AAAA:") + repr("sha-256=:AAAA:"), DigestProblem::invalid},
    {repr("sha-256=:AAAA:"), DigestProblem::invalid},
    {repr("sha-512=:" + std::string(43, 'A') + "=:"), DigestProblem::invalid},
    {repr("sha-256"), DigestProblem::invalid},
    {repr("sha-256=\"a\""), DigestProblem::invalid},
    {repr("sha-256=:" + std::string(42, 'A') + "B=:"), DigestProblem::invalid},
    {repr("SHA-256=:AAAA:"), DigestProblem::malformed},
    {repr("sha-256=AAAA=="), DigestProblem::malformed},
    {repr("sha-256=:AAAA"), DigestProblem::malformed},
    {repr(zeros_32 + ","), DigestProblem::malformed},
    {content("sha-256=:AAAA:") + repr("?"), DigestProblem::invalid},
    {content("?") + repr(zeros_32), DigestProblem::malformed},
    // An empty dictionary announces nothing.
    {repr(""), DigestProblem::none},
};

TEST(DigestFields, are_read_or_are_a_problem) {
  for (const Row& row : rows) {
    const Request request(lab::head_of("PUT", "/a", row.fields));
    const AnnouncedDigests digests = read_digests(request.head);
    EXPECT_EQ(digests.problem, row.problem) << row.fields;
    if (row.problem != DigestProblem::none) continue;
    std::array<std::size_t, 2> counts{};
    for (const AnnouncedDigest& one : digests.all()) {
      ++counts[one.field == FieldName::content_digest ? 0 : 1];
    }
    EXPECT_EQ(counts[0], row.content) << row.fields;
    EXPECT_EQ(counts[1], row.repr) << row.fields;
    EXPECT_EQ(digests.has(FieldName::content_digest), row.content > 0);
    EXPECT_EQ(digests.has(FieldName::repr_digest), row.repr > 0);
    EXPECT_EQ(announces_digests(request.head), !row.fields.empty());
  }
}

TEST(DigestFields, are_written_as_they_were_read) {
  for (const std::string& value : {sha_256, zeros_64}) {
    const Request request(lab::head_of("PUT", "/a", repr(value)));
    const AnnouncedDigests digests = read_digests(request.head);
    ASSERT_EQ(digests.count, 1U);
    std::array<char, most_digest_line_bytes> buffer{};
    EXPECT_EQ(write_digest_line(FieldName::repr_digest, digests.values[0].digest, buffer),
              repr(value));
  }
}

struct WantRow {
  const char* value;
  std::optional<DigestAlgorithm> wanted;
};

const std::vector<WantRow> want_rows = {
    {"sha-256=1", DigestAlgorithm::sha_256},
    {"sha-512=10", DigestAlgorithm::sha_512},
    {"sha-512=3, sha-256=10, unixsum=0", DigestAlgorithm::sha_256},
    {"sha-512=5, sha-256=5", DigestAlgorithm::sha_256},
    {"md5=10, sha-512=1", DigestAlgorithm::sha_512},
    {"sha-256=0", {}},
    {"sha-256=0, sha-512=0", {}},
    {"sha-256=11", {}},
    {"sha-256=-1", {}},
    {"sha-256", {}},
    {"sha-256=:AAAA:", {}},
    {"sha-256=1, sha-256=0", {}},
    {"md5=10", {}},
    {"", {}},
    {"sha-256=1,", {}},
    {"SHA-256=1", {}},
};

TEST(DigestFields, want_the_algorithm_that_is_preferred) {
  for (const WantRow& row : want_rows) {
    const Request request(
        lab::head_of("GET", "/a", "Want-Repr-Digest: " + std::string(row.value) + "\r\n"));
    EXPECT_EQ(wanted_digest(request.head, FieldName::want_repr_digest), row.wanted) << row.value;
    EXPECT_EQ(wanted_digest(request.head, FieldName::want_content_digest), std::nullopt);
  }
}

TEST(DigestFields, problems_have_their_registered_types) {
  std::array<char, digest_problem_bytes> buffer{};
  const Request invalid(
      lab::head_of("PUT", "/a", content("sha-256=:AAAA:") + repr("sha-512=1, " + zeros_32)));
  EXPECT_EQ(write_digest_problem(invalid.head, DigestProblem::invalid, buffer),
            R"({"type":"https://iana.org/assignments/http-problem-types#digest-invalid-values",)"
            R"("title":"a digest cannot be a value of its algorithm","status":400,)"
            R"("invalid_digests":[{"algorithm":"sha-256","header":"Content-Digest",)"
            R"("reason":"the value is no byte sequence of 32 bytes"},)"
            R"({"algorithm":"sha-512","header":"Repr-Digest",)"
            R"("reason":"the value is no byte sequence of 64 bytes"}]})"
            "\n");
  const Request unsupported(
      lab::head_of("PUT", "/a", content("md5=:AAAA:, adler=:AA==:") + repr(zeros_32)));
  const std::string type = "https://iana.org/assignments/http-problem-types#";
  EXPECT_EQ(write_digest_problem(unsupported.head, DigestProblem::unsupported, buffer),
            "{\"type\":\"" + type +
                "digest-unsupported-algorithms\",\"title\":\"only sha-256 and sha-512 are "
                "supported\",\"status\":400,\"unsupported_algorithms\":[{\"algorithm\":\"md5\","
                "\"header\":\"Content-Digest\"},{\"algorithm\":\"adler\",\"header\":\"Content-"
                "Digest\"}]}\n");
  const AnnouncedDigests digests =
      read_digests(Request(lab::head_of("PUT", "/a", repr(zeros_32))).head);
  EXPECT_EQ(write_mismatch(digests.all(), buffer),
            "{\"type\":\"" + type +
                "digest-mismatched-values\",\"title\":\"the received bytes have another digest\","
                "\"status\":400,\"mismatched_digests\":[{\"algorithm\":\"sha-256\",\"header\":"
                "\"Repr-Digest\",\"provided_digest\":\":" +
                std::string(43, 'A') + "=:\"}]}\n");
}

TEST(DigestFields, a_problem_with_any_number_of_algorithms_fits_its_buffer) {
  std::string value;
  for (int i = 0; i < 60; ++i) {
    value += "z" + std::to_string(i) + std::string(80, 'y') + "=:AAAA:, ";
  }
  const Request request(lab::head_of("PUT", "/a", repr(value + "x") + content(value + "x")));
  EXPECT_EQ(read_digests(request.head).problem, DigestProblem::unsupported);
  std::array<char, digest_problem_bytes> buffer{};
  const std::string_view text =
      write_digest_problem(request.head, DigestProblem::unsupported, buffer);
  EXPECT_TRUE(text.ends_with("}]}\n")) << text;
}

}  // namespace
}  // namespace server
