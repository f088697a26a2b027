// The lines and the problems of responses about resumable uploads.
#include "apps/server/plan/upload_answer.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

struct Row {
  UploadAnswer answer;
  std::string_view lines;
};

const std::vector<Row> rows = {
    {{}, ""},
    {{.complete = false, .offset = 0}, "Upload-Complete: ?0\r\nUpload-Offset: 0\r\n"},
    {{.complete = true, .offset = 12, .length = 12},
     "Upload-Complete: ?1\r\nUpload-Offset: 12\r\nUpload-Length: 12\r\n"},
    {{.max_age_s = 60}, "Upload-Limit: min-size=0, max-age=60\r\n"},
    {{.max_age_s = -5, .max_size = 10}, "Upload-Limit: min-size=0, max-age=0, max-size=10\r\n"},
    {{.complete = false, .is_current = true}, "Upload-Complete: ?0\r\nCache-Control: no-store\r\n"},
};

TEST(UploadAnswers, are_lines_of_a_head) {
  std::array<char, upload_lines_bytes> buffer{};
  for (const Row& row : rows) EXPECT_EQ(write_upload_lines(row.answer, buffer), row.lines);
}

TEST(UploadAnswers, of_the_largest_numbers_fit) {
  std::array<char, upload_lines_bytes> buffer{};
  const UploadAnswer largest{.complete = true,
                             .offset = UINT64_MAX,
                             .length = UINT64_MAX,
                             .max_age_s = INT64_MAX,
                             .max_size = UINT64_MAX,
                             .is_current = true};
  EXPECT_GT(write_upload_lines(largest, buffer).size(), 200U);
}

TEST(UploadAnswers, of_a_new_upload_have_the_limits_of_the_site) {
  Site site;
  site.max_body = 7;
  site.upload_expiry_s = 9;
  std::array<char, upload_lines_bytes> buffer{};
  EXPECT_EQ(write_upload_lines(new_upload_limits(site), buffer),
            "Upload-Limit: min-size=0, max-age=9, max-size=7\r\n");
}

TEST(UploadProblems, have_both_offsets) {
  std::array<char, 320> buffer{};
  EXPECT_EQ(
      write_offset_problem(10, 20, buffer),
      R"({"type":"https://iana.org/assignments/http-problem-types#mismatching-upload-offset",)"
      R"("title":"the upload goes on at another offset","status":409,)"
      R"("expected-offset":10,"provided-offset":20})"
      "\n");
}

}  // namespace
}  // namespace server
