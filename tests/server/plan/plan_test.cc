// Responses to requests for files, with ranges and conditions: tables.
#include "apps/server/plan/plan.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::old_facts;
using lab::Request;

constexpr std::int64_t now = 1'800'000'000;
constexpr std::string_view text_type = "text/plain; charset=utf-8";
std::array<http1::ByteRange, most_ranges> range_buffer;

struct RangeRow {
  const char* fields;
  int status;
  std::uint64_t offset = 0;
  std::uint64_t length = 100;
};

TEST(Files, are_answered_whole_in_part_or_not_at_all) {
  const FileFacts facts{.size = 100, .mtime_ns = old_facts.mtime_ns};
  for (const RangeRow& row : {
           RangeRow{"", 200},
           RangeRow{"Range: bytes=0-9\r\n", 206, 0, 10},
           RangeRow{"Range: bytes=90-\r\n", 206, 90, 10},
           RangeRow{"Range: bytes=-10\r\n", 206, 90, 10},
           RangeRow{"Range: bytes=-1000\r\n", 206, 0, 100},
           RangeRow{"Range: bytes=99-99999999999999999999999\r\n", 206, 99, 1},
           RangeRow{"Range: bytes=0-9,5-19\r\n", 206, 0, 20},
           RangeRow{"Range: bytes=10-19,0-9\r\n", 206, 0, 20},
           RangeRow{"Range: bytes=0-9,200-\r\n", 206, 0, 10},
           RangeRow{"Range: bytes=100-\r\n", 416, 0, 0},
           RangeRow{"Range: bytes=100-,200-\r\n", 416, 0, 0},
           RangeRow{"Range: bytes=9-0\r\n", 200},
           RangeRow{"Range: bytes=-0\r\n", 416, 0, 0},
           RangeRow{"Range: lines=0-9\r\n", 200},
           RangeRow{"Range: 0-9\r\n", 200},
           RangeRow{"Range: bytes=0-9\r\nRange: bytes=0-9\r\n", 200},
           RangeRow{"Range: bytes=0-9\r\nIf-Range: \"x\"\r\n", 200},
           RangeRow{"Range: bytes=0-9\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 206, 0, 10},
           RangeRow{"Range: bytes=0-9\r\nIf-None-Match: *\r\n", 304, 0, 100},
           RangeRow{"Range: bytes=0-9\r\nIf-Match: \"x\"\r\n", 412, 0, 0},
       }) {
    const Request request(head_of("GET", "/", row.fields));
    const Plan plan = plan_file(request.head, facts, text_type, now, range_buffer);
    EXPECT_EQ(plan.status, row.status) << row.fields;
    EXPECT_EQ(plan.offset, row.offset) << row.fields;
    EXPECT_EQ(plan.length, row.length) << row.fields;
    const bool sent = row.status == 200 || row.status == 206;
    EXPECT_EQ(plan.content, sent ? Content::file : Content::none) << row.fields;
  }
}

TEST(Files, have_no_parts_for_HEAD_and_none_when_they_are_empty) {
  const Request head(head_of("HEAD", "/", "Range: bytes=0-1\r\n"));
  EXPECT_EQ(plan_file(head.head, old_facts, text_type, now, range_buffer).status, 200);
  const Request get(head_of("GET", "/", "Range: bytes=0-\r\n"));
  EXPECT_EQ(plan_file(get.head, {}, text_type, now, range_buffer).status, 416);
}

// RFC 9110 14.2, 15.3.7.2
TEST(Files, of_several_ranges_are_answered_in_parts) {
  using Ranges = std::vector<http1::ByteRange>;
  struct Row {
    const char* ranges;
    Ranges expected;
  };
  for (const Row& row : {
           Row{"0-9,20-29", {{0, 9}, {20, 29}}},
           Row{"20-29,0-9", {{20, 29}, {0, 9}}},
           Row{"-1,0-0", {{99, 99}, {0, 0}}},
           Row{"50-59,0-9,60-69,5-14", {{50, 69}, {0, 14}}},
           Row{"0-9,200-,20-29", {{0, 9}, {20, 29}}},
           Row{"90-,0-0", {{90, 99}, {0, 0}}},
       }) {
    const std::string field = "Range: bytes=" + std::string(row.ranges) + "\r\n";
    const Request request(head_of("GET", "/", field));
    const Plan plan = plan_file(request.head, {.size = 100}, text_type, now, range_buffer);
    EXPECT_EQ(plan.status, 206) << row.ranges;
    EXPECT_EQ(plan.content, Content::parts) << row.ranges;
    EXPECT_FALSE(plan.is_partial) << row.ranges;
    EXPECT_EQ(Ranges(plan.ranges.begin(), plan.ranges.end()), row.expected) << row.ranges;
    EXPECT_EQ(plan.length, length_of(parts_of(plan))) << row.ranges;
  }
}

TEST(Files, of_too_many_ranges_are_answered_whole) {
  for (const std::size_t count : {most_ranges, most_ranges + 1}) {
    std::string ranges = "Range: bytes=";
    for (std::size_t i = 0; i < count; ++i)
      ranges += std::to_string(2 * i) + "-" + std::to_string(2 * i) + ",";
    const Request request(head_of("GET", "/", ranges + "\r\n"));
    const Plan plan = plan_file(request.head, {.size = 1000}, text_type, now, range_buffer);
    EXPECT_EQ(plan.status, count > most_ranges ? 200 : 206);
    EXPECT_EQ(plan.content, count > most_ranges ? Content::file : Content::parts);
  }
}

TEST(Explanations, exist_for_every_status_of_an_error) {
  for (const int status : {400, 403, 404, 405, 408, 409, 412, 413, 416, 417, 500, 501, 503, 507}) {
    EXPECT_NE(explain(status), "") << status;
  }
  EXPECT_EQ(explain(200), "");
}

}  // namespace
}  // namespace server
