// The fields of resumable uploads: tables.
#include "apps/server/plan/upload_fields.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::Request;

struct Row {
  const char* fields;
  std::optional<bool> complete;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
  int version = 0;
};

const std::vector<Row> rows = {
    {"", {}, {}, {}},
    {"Upload-Complete: ?0\r\n", false, {}, {}},
    {"Upload-Complete: ?1;x=1\r\n", true, {}, {}},
    {"Upload-Complete: 1\r\n", {}, {}, {}},
    {"Upload-Complete: true\r\n", {}, {}, {}},
    {"Upload-Complete:\r\n", {}, {}, {}},
    {"Upload-Complete: ?1\r\nUpload-Complete: ?1\r\n", {}, {}, {}},
    {"Upload-Offset: 0\r\nUpload-Length: 999999999999999\r\n", {}, 0, 999'999'999'999'999},
    {"Upload-Offset: 5;a=b\r\n", {}, 5, {}},
    {"Upload-Offset: -1\r\n", {}, {}, {}},
    {"Upload-Offset: 1.0\r\nUpload-Length: ?1\r\n", {}, {}, {}},
    {"Upload-Offset: 1\r\nUpload-Offset: 1\r\n", {}, {}, {}},
    {"Upload-Length: 1000000000000000\r\n", {}, {}, {}},
    {"Upload-Draft-Interop-Version: 5\r\n", {}, {}, {}, 0},
    {"Upload-Draft-Interop-Version: 6\r\n", {}, {}, {}, 6},
    {"Upload-Draft-Interop-Version: 8\r\n", {}, {}, {}, 8},
    {"Upload-Draft-Interop-Version: 9\r\n", {}, {}, {}, 0},
    {"Upload-Draft-Interop-Version: \"8\"\r\n", {}, {}, {}, 0},
};

TEST(UploadFields, are_read_or_absent) {
  for (const Row& row : rows) {
    const Request request(lab::head_of("PUT", "/a", row.fields));
    const UploadFields fields = read_upload_fields(request.head);
    EXPECT_EQ(fields.complete, row.complete) << row.fields;
    EXPECT_EQ(fields.offset, row.offset) << row.fields;
    EXPECT_EQ(fields.length, row.length) << row.fields;
    EXPECT_EQ(fields.interop_version, row.version) << row.fields;
  }
}

TEST(UploadFields, a_client_of_http_1_0_gets_no_interim_response) {
  const Request request("PUT /a HTTP/1.0\r\nUpload-Draft-Interop-Version: 8\r\n\r\n");
  EXPECT_EQ(read_upload_fields(request.head).interop_version, 0);
}

struct LengthRow {
  const char* fields;
  std::uint64_t offset;
  std::optional<std::uint64_t> length;
  bool is_consistent = true;
};

const std::vector<LengthRow> length_rows = {
    {"Upload-Complete: ?1\r\nContent-Length: 5\r\n", 10, 15},
    {"Upload-Complete: ?1\r\n", 10, 10},
    {"Upload-Complete: ?0\r\nContent-Length: 5\r\n", 10, {}},
    {"Upload-Complete: ?0\r\nUpload-Length: 15\r\nContent-Length: 5\r\n", 10, 15},
    {"Upload-Complete: ?0\r\nUpload-Length: 16\r\nContent-Length: 5\r\n", 10, 16},
    {"Upload-Complete: ?0\r\nUpload-Length: 14\r\nContent-Length: 5\r\n", 10, 14, false},
    {"Upload-Complete: ?1\r\nUpload-Length: 15\r\nContent-Length: 5\r\n", 10, 15},
    {"Upload-Complete: ?1\r\nUpload-Length: 16\r\nContent-Length: 5\r\n", 10, 16, false},
    {"Upload-Complete: ?1\r\nUpload-Length: 14\r\nContent-Length: 5\r\n", 10, 14, false},
    {"Upload-Complete: ?1\r\nTransfer-Encoding: chunked\r\n", 10, {}},
    {"Upload-Complete: ?1\r\nUpload-Length: 5\r\nTransfer-Encoding: chunked\r\n", 10, 5},
};

TEST(UploadFields, announce_a_length) {
  for (const LengthRow& row : length_rows) {
    const Request request(lab::head_of("PATCH", "/a", row.fields));
    const UploadFields fields = read_upload_fields(request.head);
    const AnnouncedLength announced = announced_length(fields, request.head.body(), row.offset);
    EXPECT_EQ(announced.length, row.length) << row.fields;
    EXPECT_EQ(announced.is_consistent, row.is_consistent) << row.fields;
  }
}

}  // namespace
}  // namespace server
