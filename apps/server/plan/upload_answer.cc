// Writing the lines. Covered by tests/server/plan/upload_answer_test.cc.
#include "apps/server/plan/upload_answer.h"

#include <algorithm>

#include "apps/server/pages/page_text.h"

namespace server {

std::string_view write_upload_lines(const UploadAnswer& answer, std::span<char> buffer) {
  Out lines(buffer);
  if (answer.complete) {
    lines.add(*answer.complete ? "Upload-Complete: ?1\r\n" : "Upload-Complete: ?0\r\n");
  }
  if (answer.offset) {
    lines.add("Upload-Offset: ");
    lines.add(*answer.offset);
    lines.add("\r\n");
  }
  if (answer.length) {
    lines.add("Upload-Length: ");
    lines.add(*answer.length);
    lines.add("\r\n");
  }
  if (answer.max_age_s) {
    lines.add("Upload-Limit: min-size=0, max-age=");
    lines.add(static_cast<std::uint64_t>(std::max<std::int64_t>(*answer.max_age_s, 0)));
    if (answer.max_size > 0) {
      lines.add(", max-size=");
      lines.add(answer.max_size);
    }
    lines.add("\r\n");
  }
  if (answer.is_current) lines.add("Cache-Control: no-store\r\n");
  return lines.text();
}

std::string_view write_offset_problem(std::uint64_t expected, std::uint64_t provided,
                                      std::span<char> buffer) {
  Out lines(buffer);
  lines.add(
      R"({"type":"https://iana.org/assignments/http-problem-types#mismatching-upload-offset",)"
      R"("title":"the upload goes on at another offset","status":409,"expected-offset":)");
  lines.add(expected);
  lines.add(R"(,"provided-offset":)");
  lines.add(provided);
  lines.add("}\n");
  return lines.text();
}

}  // namespace server
