// Writing the lines. Covered by tests/server/plan/upload_answer_test.cc.
#include "apps/server/plan/upload_answer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "apps/server/plan/append.h"

namespace server {

namespace {

// A text that grows in a buffer, which the caller has sized for all that is added.
class Lines {
 public:
  explicit Lines(std::span<char> buffer) : buffer_(buffer), text_(buffer.data(), 0) {}

  void add(std::string_view more) { text_ = append(buffer_, text_, more); }
  void add(std::uint64_t number) {
    std::array<char, 20> digits;
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    add({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  std::string_view text() const { return text_; }

 private:
  std::span<char> buffer_;
  std::string_view text_;
};

}  // namespace

std::string_view write_upload_lines(const UploadAnswer& answer, std::span<char> buffer) {
  Lines lines(buffer);
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
  Lines lines(buffer);
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
