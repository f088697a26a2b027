// The state of a resumable upload in responses: its offset, whether it is complete, its limits; and
// the problems of uploads, by the types of draft-ietf-httpbis-resumable-upload. Pure.
//
// Covered by tests/server/plan/upload_answer_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "apps/server/plan/site.h"

namespace server {

struct UploadAnswer {
  std::optional<bool> complete;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
  // The remaining life of the upload in seconds, written together with the other limits; empty: the
  // response has no limits.
  std::optional<std::int64_t> max_age_s;
  std::uint64_t max_size = 0;  // 0: there is no limit of size
  bool is_current = false;     // it is true only now: Cache-Control: no-store
};

// The limits that hold for a new upload of `site`.
inline UploadAnswer new_upload_limits(const Site& site) {
  return {.max_age_s = site.upload_expiry_s, .max_size = site.max_body};
}

// The size of a buffer for the lines.
inline constexpr std::size_t upload_lines_bytes = 320;

// Writes the field lines, each with its CR LF. Returns a view of `buffer`.
std::string_view write_upload_lines(const UploadAnswer& answer, std::span<char> buffer);

// Problem details in JSON. The text of a mismatch is written into `buffer`, of 320 bytes.
std::string_view write_offset_problem(std::uint64_t expected, std::uint64_t provided,
                                      std::span<char> buffer);
inline constexpr std::string_view completed_upload_problem =
    R"({"type":"https://iana.org/assignments/http-problem-types#completed-upload",)"
    R"("title":"the upload is complete already","status":400})"
    "\n";
inline constexpr std::string_view inconsistent_length_problem =
    R"({"type":"https://iana.org/assignments/http-problem-types#inconsistent-upload-length",)"
    R"("title":"the lengths that the requests of this upload tell differ","status":400})"
    "\n";

}  // namespace server
