// The head of a response: from a Plan to bytes. Pure.
//
// Covered by tests/server/plan/head_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apps/server/plan/cors.h"
#include "apps/server/plan/extra_fields.h"
#include "apps/server/plan/multipart.h"
#include "apps/server/plan/plan.h"
#include "apps/server/plan/request_id.h"
#include "parser/write.h"

namespace server {

// The time at which a head is written: the caller's clock, so that this wing reads none.
struct HeadTime {
  std::int64_t seconds = 0;  // Unix time
  std::string_view date;     // the IMF-fixdate of `seconds`, RFC 9110 section 5.6.7
};

// Writes ETag and Last-Modified of `facts` at the Unix time `now`.
void write_facts(FileFacts facts, std::int64_t now, http1::HeadWriter& writer);

// The bytes of Plan::more_lines, at most: those of an archive; two digests take less, and so do the
// state of a resumable upload and one digest.
inline constexpr std::size_t more_lines_bytes = most_archive_lines_bytes;

// The bytes of PageFiles::field_lines, at most.
inline constexpr std::size_t page_lines_bytes = 512;

// The bytes of all fields but Location, Plan::more_lines and those of a page, at most: the lines of
// --header, an origin and the names that a CORS preflight request asks for, a content type, the id
// of a request, and 1 KiB of others.
inline constexpr std::size_t most_usual_head_bytes = most_extra_bytes + most_origin_bytes +
                                                     most_asked_bytes + longest_type +
                                                     most_request_id_bytes + 1024;

// The bytes of all fields but Location, at most.
inline constexpr std::size_t most_other_head_bytes =
    most_usual_head_bytes + more_lines_bytes + page_lines_bytes;

// The bytes that the head of this response has at most. Where content can fail, the head of the
// error that then replaces it fits, too; a response with a Location has no such content, so that
// space for a long one is not refused for fields that it does not have.
inline std::size_t most_head_bytes(const Plan& plan) {
  if (plan.location.empty()) return most_other_head_bytes;
  return most_usual_head_bytes + plan.more_lines.size() + (plan.is_page ? page_lines_bytes : 0) +
         plan.location.size() + plan.location_query.size();
}

// Writes the response's head into `buffer`, which has most_head_bytes(). Returns how many bytes it
// has; 0 if it does not fit.
[[nodiscard]] std::size_t write_head(const Plan& plan, HeadTime time, std::span<char> buffer);

}  // namespace server
