// Content-Range and X-OC-MTime of a PUT: tables.
#include "apps/server/plan/put_terms.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::Request;

// --- Content-Range ---

struct PartRow {
  const char* fields;
  bool is_error = false;
  std::optional<http1::ByteRange> part = {};
  std::optional<std::uint64_t> complete_size = {};
};

const std::vector<PartRow> part_rows = {
    {"Content-Length: 5\r\n"},
    {"Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n", false, {{5, 9}}, 10},
    {"Content-Range: bytes 5-9/20\r\nContent-Length: 5\r\n", false, {{5, 9}}, 20},
    {"Content-Range: bytes 5-9/*\r\nContent-Length: 5\r\n", false, {{5, 9}}},
    {"Content-Range: bytes 0-4/*\r\nContent-Length: 5\r\n", false, {{0, 4}}},
    {"Content-Range: BYTES 0-4/6\r\nContent-Length: 5\r\n", false, {{0, 4}}, 6},
    {"Content-Range: bytes 5-9/10\r\nTransfer-Encoding: chunked\r\n", false, {{5, 9}}, 10},
    // The whole file is no part: curl -C - -T sends this when there is nothing to resume.
    {"Content-Range: bytes 0-4/5\r\nContent-Length: 5\r\n"},
    {"Content-Range: bytes 0-4/5\r\nTransfer-Encoding: chunked\r\n"},
    // Lengths that contradict each other.
    {"Content-Range: bytes 5-9/10\r\nContent-Length: 4\r\n", true},
    {"Content-Range: bytes 5-9/10\r\nContent-Length: 6\r\n", true},
    {"Content-Range: bytes 5-9/10\r\nContent-Length: 0\r\n", true},
    {"Content-Range: bytes 5-9/10\r\n", true},
    {"Content-Range: bytes 0-4/5\r\nContent-Length: 4\r\n", true},
    {"Content-Range: bytes 5-9/9\r\nContent-Length: 5\r\n", true},
    // No part of bytes.
    {"Content-Range: bytes */10\r\nContent-Length: 5\r\n", true},
    {"Content-Range: bytes 9-5/10\r\nContent-Length: 5\r\n", true},
    {"Content-Range: bytes 5-9\r\nContent-Length: 5\r\n", true},
    {"Content-Range: bytes=5-9/10\r\nContent-Length: 5\r\n", true},
    {"Content-Range: bytes 5-/10\r\nContent-Length: 5\r\n", true},
    {"Content-Range: bytes -5/10\r\nContent-Length: 5\r\n", true},
    {"Content-Range: lines 5-9/10\r\nContent-Length: 5\r\n", true},
    {"Content-Range: 5-9/10\r\nContent-Length: 5\r\n", true},
    {"Content-Range:\r\nContent-Length: 5\r\n", true},
    {"Content-Range: bytes 0-99999999999999999999/*\r\nContent-Length: 5\r\n", true},
    {"Content-Range: bytes 5-9/10\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n", true},
    // lftp names a part by Range; any other Range has no meaning for a PUT.
    {"Range: bytes=5-9/10\r\nContent-Length: 5\r\n", false, {{5, 9}}, 10},
    {"Range: bytes=5-9/*\r\nContent-Length: 5\r\n", false, {{5, 9}}},
    {"Range: Bytes=5-9/20\r\nTransfer-Encoding: chunked\r\n", false, {{5, 9}}, 20},
    {"Range: bytes=0-4/5\r\nContent-Length: 5\r\n"},
    {"Range: bytes=5-9/10\r\nContent-Length: 4\r\n", true},
    {"Range: bytes=5-9/9\r\nContent-Length: 5\r\n", true},
    {"Range: bytes=5-9\r\nContent-Length: 5\r\n", true},
    {"Range: bytes=5-\r\nContent-Length: 5\r\n", true},
    {"Range: bytes=-5\r\nContent-Length: 5\r\n", true},
    {"Range: bytes=*/10\r\nContent-Length: 5\r\n", true},
    {"Range: bytes 5-9/10\r\nContent-Length: 5\r\n", true},
    {"Range: bytes= 5-9/10\r\nContent-Length: 5\r\n", true},
    {"Range: bytes=5-9/10=\r\nContent-Length: 5\r\n", true},
    {"Range: lines=5-9/10\r\nContent-Length: 5\r\n", true},
    {"Range:\r\nContent-Length: 5\r\n", true},
    {"Range: "
     "bytes=5-9/10000000000000000000000000000000000000000000000000000000000000000000000000\r\n"
     "Content-Length: 5\r\n",
     true},
    {"Range: bytes=5-9/10\r\nRange: bytes=5-9/10\r\nContent-Length: 5\r\n", true},
    {"Range: bytes=5-9/10\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n", true},
};

TEST(PutTerms, read_a_part_or_explain_the_error) {
  for (const PartRow& row : part_rows) {
    const Request request(head_of("PUT", "/a", row.fields));
    const PutTerms terms = read_terms(request.head);
    EXPECT_EQ(!terms.error.empty(), row.is_error) << row.fields << terms.error;
    EXPECT_EQ(terms.part, row.part) << row.fields;
    EXPECT_EQ(terms.complete_size, row.complete_size) << row.fields;
    EXPECT_TRUE(!row.part || terms.body_size == row.part->size()) << row.fields;
    EXPECT_FALSE(terms.mtime_seconds);
  }
}

TEST(PutTerms, of_a_whole_file_name_its_size) {
  const Request request(
      head_of("PUT", "/a", "Content-Range: bytes 0-4/5\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_EQ(read_terms(request.head).body_size, 5U);
  EXPECT_FALSE(read_terms(request.head).part);
}

struct ClashRow {
  http1::ByteRange part;
  std::optional<std::uint64_t> complete_size;
  std::uint64_t size;  // of the file that is there
  bool clashes;
};

const std::vector<ClashRow> clash_rows = {
    {{10, 19}, 20, 10, false},     // goes on where the file ends
    {{5, 19}, 20, 10, false},      // overlaps its end
    {{0, 4}, {}, 10, false},       // inside
    {{0, 4}, 10, 10, false},       //
    {{0, 4}, 10, 0, false},        // the first of several
    {{11, 19}, 20, 10, true},      // a gap of one byte
    {{1, 2}, {}, 0, true},         //
    {{0, 4}, 9, 10, true},         // the file is longer than the whole
    {{10, 19}, 30, 10, false},     // more is to come
    {{10, 19}, {}, 10, false},     // the complete size is unknown
    {{0, 19}, {}, 1'000, false},   //
    {{999, 999}, 999, 999, false}  // never read so: the parser refuses it
};

TEST(PutTerms, clash_with_files_that_a_part_does_not_fit) {
  for (const ClashRow& row : clash_rows) {
    const PutTerms terms{.part = row.part, .complete_size = row.complete_size};
    EXPECT_EQ(!clash_with(terms, row.size).empty(), row.clashes)
        << row.part.first << "-" << row.part.last << " of " << row.size;
  }
  EXPECT_EQ(clash_with(PutTerms{}, 10), "");
}

// --- X-OC-MTime ---

struct TimeRow {
  const char* text;
  std::optional<std::int64_t> seconds;
};

const std::vector<TimeRow> time_rows = {
    {"0", 0},
    {"1", 1},
    {"784111777", 784'111'777},
    {"0784111777", 784'111'777},
    {"1700000000.25", 1'700'000'000},
    {"1700000000.999999999", 1'700'000'000},
    {"-1", -1},
    {"9223372035", 9'223'372'035},
    {"9223372036", {}},
    {"-9223372036", {}},
    {"99999999999999999999", {}},
    {"", {}},
    {"-", {}},
    {".", {}},
    {".5", {}},
    {"1.", {}},
    {"1.2.3", {}},
    {"1.-2", {}},
    {"+1", {}},
    {"--1", {}},
    {"0x10", {}},
    {"1e9", {}},
    {"1 2", {}},
    {"1,5", {}},
    {"nan", {}},
    {"Sun, 06 Nov 1994 08:49:37 GMT", {}},
};

TEST(PutTerms, read_a_time_or_explain_the_error) {
  for (const TimeRow& row : time_rows) {
    EXPECT_EQ(parse_mtime(row.text), row.seconds) << row.text;
    const Request request(head_of("PUT", "/a", "X-OC-MTime: " + std::string(row.text) + "\r\n"));
    const PutTerms terms = read_terms(request.head);
    EXPECT_EQ(terms.mtime_seconds, row.seconds) << row.text;
    EXPECT_EQ(terms.error.empty(), row.seconds.has_value()) << row.text;
  }
  const Request twice(head_of("PUT", "/a", "X-OC-MTime: 1\r\nx-oc-mtime: 1\r\n"));
  EXPECT_FALSE(read_terms(twice.head).error.empty());
}

}  // namespace
}  // namespace server
