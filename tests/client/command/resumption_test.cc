// The responses to the requests of a resumable upload: tables.
#include "apps/client/command/resumption.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace client {
namespace {

using enum UploadVerdict;

constexpr std::uint64_t size = 100;

struct Response {
  Response(const std::string& status, const std::string& fields)
      : text("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n" + fields + "\r\n") {
    EXPECT_EQ(http1::parse_response(text, head, http1::Method::patch), http1::Progress::done);
  }
  std::string text;
  http1::ResponseHead head;
};

struct Row {
  const char* status;
  const char* fields;
  UploadVerdict verdict;
  std::uint64_t offset = 0;
};

const std::vector<Row> created_rows = {
    {"201", "Location: /u\r\nUpload-Offset: 0\r\nUpload-Complete: ?0\r\n", goes_on},
    {"201", "Location: /u\r\n", goes_on},
    {"200", "Location: /u\r\nUpload-Offset: 7\r\n", goes_on, 7},
    {"201", "Upload-Offset: 0\r\n", refuses},
    {"201", "Location: /u\r\nLocation: /v\r\n", refuses},
    {"201", "Location: /u\r\nUpload-Complete: ?1\r\n", refuses},
    {"201", "Location: /u\r\nUpload-Offset: 101\r\n", refuses},
    {"301", "Location: /u\r\n", refuses},
    {"412", "", refuses},
    {"503", "", refuses},
};

TEST(Resumption, BeginsAtTheLocationOfTheFirstResponse) {
  for (const Row& row : created_rows) {
    const Response response(row.status, row.fields);
    const UploadState state = judge_created(response.head, size);
    EXPECT_EQ(state.verdict, row.verdict) << row.status << " " << row.fields;
    EXPECT_EQ(state.offset, row.offset) << row.status << " " << row.fields;
  }
}

const std::vector<Row> offset_rows = {
    {"204", "Upload-Offset: 7\r\nUpload-Complete: ?0\r\nUpload-Length: 100\r\n", goes_on, 7},
    {"200", "Upload-Offset: 100\r\nUpload-Complete: ?0\r\n", goes_on, 100},
    {"204", "Upload-Offset: 7\r\n", goes_on, 7},
    {"204", "Upload-Offset: 100\r\nUpload-Complete: ?1\r\n", is_stored},
    {"204", "Upload-Offset: 99\r\nUpload-Complete: ?1\r\n", is_gone},
    {"204", "Upload-Offset: 7\r\nUpload-Length: 99\r\n", is_gone},
    {"204", "Upload-Offset: 101\r\nUpload-Complete: ?0\r\n", is_gone},
    {"204", "Upload-Complete: ?0\r\n", is_gone},
    {"404", "", is_gone},
    {"410", "", is_gone},
    {"401", "", refuses},
    {"409", "", refuses},
    {"500", "Upload-Offset: 7\r\n", refuses},
};

TEST(Resumption, GoesOnAtTheOffsetThatFits) {
  for (const Row& row : offset_rows) {
    const Response response(row.status, row.fields);
    const UploadState state = judge_offset(response.head, size);
    EXPECT_EQ(state.verdict, row.verdict) << row.status << " " << row.fields;
    EXPECT_EQ(state.offset, row.offset) << row.status << " " << row.fields;
  }
}

struct PartRow {
  const char* status;
  const char* fields;
  std::uint64_t end;
  UploadVerdict verdict;
  std::uint64_t offset = 0;
};

const std::vector<PartRow> part_rows = {
    {"201", "Upload-Complete: ?1\r\nUpload-Offset: 100\r\n", size, is_over},
    {"204", "", size, is_over},
    {"204", "Upload-Complete: ?0\r\nUpload-Offset: 60\r\n", size, goes_on, 60},
    {"204", "Upload-Complete: ?0\r\nUpload-Offset: 50\r\n", 50, goes_on, 50},
    {"204", "", 50, goes_on, 50},
    {"204", "Upload-Offset: 101\r\n", 50, is_gone},
    {"412", "Upload-Complete: ?1\r\n", size, is_over},
    {"400", "Upload-Complete: ?1\r\n", 50, is_over},
    {"404", "Upload-Complete: ?1\r\n", 50, is_over},
    {"404", "", size, is_gone},
    {"410", "", 50, is_gone},
    {"409", "Upload-Complete: ?0\r\nUpload-Offset: 60\r\n", size, is_elsewhere},
    {"507", "Upload-Complete: ?0\r\nUpload-Offset: 60\r\n", size, refuses},
    {"400", "", size, refuses},
    {"302", "", size, refuses},
};

TEST(Resumption, IsOverWhereTheResponseSaysSo) {
  for (const PartRow& row : part_rows) {
    const Response response(row.status, row.fields);
    const UploadState state = judge_part(response.head, size, row.end);
    EXPECT_EQ(state.verdict, row.verdict) << row.status << " " << row.fields;
    EXPECT_EQ(state.offset, row.offset) << row.status << " " << row.fields;
  }
}

TEST(Resumption, IsWorthASecondTryAfterSomeRefusals) {
  for (const int status : {401, 403, 407, 408, 409, 429, 500, 502, 503, 504, 507}) {
    EXPECT_TRUE(leaves_upload(status)) << status;
  }
  for (const int status : {400, 405, 412, 413, 415, 302}) {
    EXPECT_FALSE(leaves_upload(status)) << status;
  }
}

}  // namespace
}  // namespace client
