// Preconditions in the order of RFC 9110 13.2.2, entity tags, and If-Range: tables.
#include "apps/server/plan/conditions.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::old_facts;
using lab::old_seconds;
using lab::Request;

constexpr std::int64_t now = 1'800'000'000;
constexpr Verdict proceed = Verdict::proceed;
constexpr Verdict not_modified = Verdict::not_modified;
constexpr Verdict failed = Verdict::failed;

// In field lines: @ is the current tag, $ its date, < the second before it, > the one after it.
std::string expand(std::string_view fields) {
  std::string all;
  for (const char byte : fields) {
    switch (byte) {
      case '@': all += lab::old_tag; break;
      case '$': all += lab::old_date; break;
      case '<': all += "Sun, 06 Nov 1994 08:49:36 GMT"; break;
      case '>': all += "Sun, 06 Nov 1994 08:49:38 GMT"; break;
      case ';': all += "\r\n"; break;
      default: all += byte;
    }
  }
  return all;
}

struct Row {
  const char* fields;
  Verdict read;           // GET and HEAD of an existing file
  Verdict write;          // PUT and DELETE of an existing file
  Verdict missing_write;  // PUT and DELETE of a path that does not exist
};

const std::vector<Row> rows = {
    {"", proceed, proceed, proceed},
    // Step 1: If-Match, strongly.
    {"If-Match: *;", proceed, proceed, failed},
    {"If-Match: @;", proceed, proceed, failed},
    {"If-Match: \"x\", @;", proceed, proceed, failed},
    {"If-Match: \"x\";If-Match: @;", proceed, proceed, failed},
    {"If-Match: \"x\";", failed, failed, failed},
    {"If-Match: W/@;", failed, failed, failed},
    {"If-Match: nonsense;", failed, failed, failed},
    {"If-Match: ;", failed, failed, failed},
    // Step 2: If-Unmodified-Since, only without If-Match; ignored unless it is one date.
    // RFC 9110 13.1.4: ignored, too, where nothing has a modification date.
    {"If-Unmodified-Since: $;", proceed, proceed, proceed},
    {"If-Unmodified-Since: >;", proceed, proceed, proceed},
    {"If-Unmodified-Since: <;", failed, failed, proceed},
    {"If-Unmodified-Since: yesterday;", proceed, proceed, proceed},
    {"If-Unmodified-Since: <;If-Unmodified-Since: <;", proceed, proceed, proceed},
    {"If-Match: @;If-Unmodified-Since: <;", proceed, proceed, failed},
    {"If-Match: \"x\";If-Unmodified-Since: $;", failed, failed, failed},
    // Step 3: If-None-Match, weakly.
    {"If-None-Match: *;", not_modified, failed, proceed},
    {"If-None-Match: @;", not_modified, failed, proceed},
    {"If-None-Match: W/@;", not_modified, failed, proceed},
    {"If-None-Match: \"x\",@;", not_modified, failed, proceed},
    {"If-None-Match: \"x\";If-None-Match: @;", not_modified, failed, proceed},
    {"If-None-Match: \"x\";", proceed, proceed, proceed},
    {"If-None-Match: nonsense;", proceed, proceed, proceed},
    // Step 4: If-Modified-Since, for reading only and without If-None-Match.
    {"If-Modified-Since: $;", not_modified, proceed, proceed},
    {"If-Modified-Since: >;", not_modified, proceed, proceed},
    {"If-Modified-Since: <;", proceed, proceed, proceed},
    {"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT;", not_modified, proceed, proceed},
    {"If-Modified-Since: Sun Nov  6 08:49:37 1994;", not_modified, proceed, proceed},
    {"If-Modified-Since: tomorrow;", proceed, proceed, proceed},
    {"If-Modified-Since: $;If-Modified-Since: $;", proceed, proceed, proceed},
    {"If-None-Match: \"x\";If-Modified-Since: $;", proceed, proceed, proceed},
    {"If-None-Match: nonsense;If-Modified-Since: $;", proceed, proceed, proceed},
    {"If-None-Match: @;If-Modified-Since: <;", not_modified, failed, proceed},
    // Steps 1 and 2 before 3 and 4.
    {"If-Match: \"x\";If-None-Match: @;", failed, failed, failed},
    {"If-Match: @;If-None-Match: @;", not_modified, failed, failed},
    {"If-Unmodified-Since: <;If-Modified-Since: $;", failed, failed, proceed},
    {"If-Unmodified-Since: $;If-Modified-Since: $;", not_modified, proceed, proceed},
    {"If-Match: @;If-Modified-Since: $;", not_modified, proceed, failed},
};

TEST(Conditions, are_judged_in_the_order_of_RFC_9110_13_2_2) {
  for (const Row& row : rows) {
    const std::string fields = expand(row.fields);
    for (const char* method : {"GET", "HEAD"}) {
      const Request request(head_of(method, "/", fields));
      EXPECT_EQ(judge(request.head, &old_facts, now), row.read) << method << " " << row.fields;
    }
    for (const char* method : {"PUT", "DELETE"}) {
      const Request request(head_of(method, "/", fields));
      EXPECT_EQ(judge(request.head, &old_facts, now), row.write) << method << " " << row.fields;
      EXPECT_EQ(judge(request.head, nullptr, now), row.missing_write) << method << row.fields;
    }
  }
}

TEST(Times, are_rounded_down_to_the_second) {
  EXPECT_EQ((FileFacts{.mtime_ns = 1'999'999'999}.mtime_seconds()), 1);
  EXPECT_EQ((FileFacts{.mtime_ns = 0}.mtime_seconds()), 0);
  EXPECT_EQ((FileFacts{.mtime_ns = -1}.mtime_seconds()), -1);
  EXPECT_EQ((FileFacts{.mtime_ns = -1'000'000'000}.mtime_seconds()), -1);
  EXPECT_EQ((FileFacts{.mtime_ns = -1'000'000'001}.mtime_seconds()), -2);
}

// The fraction of a second does not make a file newer than its Last-Modified.
TEST(Times, compare_in_seconds) {
  const FileFacts late{.size = 6, .mtime_ns = old_seconds * 1'000'000'000 + 999'999'999};
  const Request get(head_of("GET", "/", expand("If-Modified-Since: $;")));
  EXPECT_EQ(judge(get.head, &late, now), not_modified);
  const Request put(head_of("PUT", "/", expand("If-Unmodified-Since: $;")));
  EXPECT_EQ(judge(put.head, &late, now), proceed);
}

// RFC 9110 13.1.5
TEST(If_Range, applies_the_range_to_the_current_version_only) {
  const auto applies = [](std::string_view fields) {
    const Request request(head_of("GET", "/", expand(fields)));
    return range_applies(request.head, old_facts, now);
  };
  EXPECT_TRUE(applies(""));
  EXPECT_TRUE(applies("If-Range: @;"));
  EXPECT_TRUE(applies("If-Range: $;"));
  EXPECT_TRUE(applies("If-Range: Sun Nov  6 08:49:37 1994;"));
  EXPECT_FALSE(applies("If-Range: W/@;"));
  EXPECT_FALSE(applies("If-Range: \"x\";"));
  EXPECT_FALSE(applies("If-Range: @, @;"));
  EXPECT_FALSE(applies("If-Range: <;"));
  EXPECT_FALSE(applies("If-Range: >;"));
  EXPECT_FALSE(applies("If-Range: *;"));
  EXPECT_FALSE(applies("If-Range: ;"));
  EXPECT_FALSE(applies("If-Range: @;If-Range: @;"));
}

// Times that some systems give to all files, so that they say nothing about the content.
TEST(FilesOfNoTime, match_no_tag_and_no_date) {
  for (const std::int64_t mtime_ns : {std::int64_t{0}, std::int64_t{1'000'000'000}}) {
    const FileFacts facts{.size = 6, .mtime_ns = mtime_ns};
    const std::string tag = std::string(tag_of(facts).text()) + "\r\n";
    const auto verdict = [&](std::string_view method, const std::string& field) {
      const Request request(head_of(method, "/", field));
      return judge(request.head, &facts, now);
    };
    EXPECT_EQ(verdict("GET", "If-None-Match: " + tag), proceed);
    EXPECT_EQ(verdict("GET", "If-None-Match:\r\n"), proceed);
    EXPECT_EQ(verdict("GET", "If-Modified-Since: " + std::string(lab::old_date) + "\r\n"), proceed);
    EXPECT_EQ(verdict("PUT", "If-Match: " + tag), failed);
    EXPECT_EQ(verdict("PUT", "If-Match: *\r\n"), proceed);
    EXPECT_EQ(verdict("PUT", "If-None-Match: *\r\n"), failed);
    for (const std::string& value : {tag, std::string("Thu, 01 Jan 1970 00:00:01 GMT\r\n")}) {
      const Request request(head_of("GET", "/", "If-Range: " + value));
      EXPECT_FALSE(range_applies(request.head, facts, now));
    }
  }
}

// RFC 9110 8.8.2.2: the second in which the file was written must be over.
TEST(If_Range, by_a_date_does_not_apply_until_the_second_of_the_file_is_over) {
  const Request request(head_of("GET", "/", expand("If-Range: $;")));
  EXPECT_FALSE(range_applies(request.head, old_facts, old_seconds - 1));
  EXPECT_FALSE(range_applies(request.head, old_facts, old_seconds));
  EXPECT_FALSE(range_applies(request.head, old_facts, old_seconds + 1));
  EXPECT_TRUE(range_applies(request.head, old_facts, old_seconds + 2));
}

}  // namespace
}  // namespace server
