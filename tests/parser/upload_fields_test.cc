// The fields of resumable uploads in requests and responses: tables.
#include "parser/upload_fields.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace http1 {
namespace {

struct Response {
  explicit Response(const std::string& fields)
      : text("HTTP/1.1 204 No Content\r\n" + fields + "\r\n") {
    EXPECT_EQ(parse_response(text, head, Method::options), Progress::done) << text;
  }
  std::string text;
  ResponseHead head;
};

struct Row {
  const char* fields;
  std::optional<bool> complete = {};
  std::optional<std::uint64_t> offset = {};
  std::optional<std::uint64_t> length = {};
};

const std::vector<Row> rows = {
    {""},
    {"Upload-Complete: ?0\r\nUpload-Offset: 7\r\nUpload-Length: 9\r\n", false, 7, 9},
    {"Upload-Complete: ?1;x=1\r\nUpload-Offset: 5;a=b\r\n", true, 5, {}},
    {"Upload-Complete: 1\r\nUpload-Offset: -1\r\nUpload-Length: 1.0\r\n"},
    {"Upload-Complete: ?1\r\nUpload-Complete: ?1\r\nUpload-Offset: 1\r\nUpload-Offset: 1\r\n"},
    {"Upload-Length: 999999999999999\r\n", {}, {}, 999'999'999'999'999},
    {"Upload-Length: 1000000000000000\r\n"},
    {"Upload-Offset:\r\n"},
};

TEST(UploadFields, AreReadOrAbsent) {
  for (const Row& row : rows) {
    const Response response(row.fields);
    const UploadFields fields = read_upload_fields(response.head);
    EXPECT_EQ(fields.complete, row.complete) << row.fields;
    EXPECT_EQ(fields.offset, row.offset) << row.fields;
    EXPECT_EQ(fields.length, row.length) << row.fields;
  }
}

struct LimitsRow {
  const char* fields;
  bool is_announced = true;
  std::optional<std::uint64_t> max_size = {};
  std::optional<std::uint64_t> max_append_size = {};
};

const std::vector<LimitsRow> limits_rows = {
    {"", false},
    {"Upload-Limit: min-size=0\r\n"},
    {"Upload-Limit: min-size=0, max-age=86400, max-size=5\r\n", true, 5},
    {"Upload-Limit: max-size=5\r\nUpload-Limit: max-append-size=3;x\r\n", true, 5, 3},
    {"Upload-Limit: max-size=?1, max-append-size=-3\r\n"},
    {"Upload-Limit: max-size=5, max-size=6\r\n", true, 6},
    {"Upload-Limit:\r\n"},
    {"Upload-Limit: max-size=\r\n", false},
};

TEST(UploadLimits, AreReadWhereTheyAreAnnounced) {
  for (const LimitsRow& row : limits_rows) {
    const Response response(row.fields);
    const std::optional<UploadLimits> limits = read_upload_limits(response.head);
    ASSERT_EQ(limits.has_value(), row.is_announced) << row.fields;
    if (!limits) continue;
    EXPECT_EQ(limits->max_size, row.max_size) << row.fields;
    EXPECT_EQ(limits->max_append_size, row.max_append_size) << row.fields;
  }
}

}  // namespace
}  // namespace http1
