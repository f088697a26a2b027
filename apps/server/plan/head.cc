// Writing a response head, field by field. Covered by tests/server/plan/head_test.cc.
#include "apps/server/plan/head.h"

#include <algorithm>
#include <array>

#include "apps/server/pages/page_files.h"
#include "apps/server/plan/append.h"
#include "apps/server/plan/cors.h"
#include "apps/server/plan/extra_fields.h"

namespace server {

using http1::FieldName;

namespace {

// RFC 9110 section 8.6: 1xx and 204 have no Content-Length; 304 may omit it.
bool has_content_length(const Plan& plan) {
  return plan.status != 204 && plan.status != 304 && plan.content != Content::streamed;
}

void write_type(const Plan& plan, http1::HeadWriter& writer) {
  if (plan.content == Content::parts) {
    // RFC 9110 section 14.6: the parts carry the content type of the file.
    constexpr std::string_view begin = "multipart/byteranges; boundary=";
    std::array<char, begin.size() + boundary_bytes> buffer{};
    const std::string_view text = append(buffer, {buffer.data(), 0}, begin);
    writer.field("Content-Type", append(buffer, text, plan.boundary));
  } else if (plan.content != Content::none) {
    // Mime makes sure that a content type is valid in a head.
    writer.checked_field(FieldName::content_type, plan.content_type);
  }
}

void write_version(const Plan& plan, std::int64_t now, http1::HeadWriter& writer) {
  if (!plan.weak_tag.empty()) {
    std::array<char, 64> buffer{};
    const std::string_view begin = append(buffer, {buffer.data(), 0}, "W/");
    writer.field("ETag", append(buffer, begin, plan.weak_tag));
  }
  if (!plan.has_facts) return;
  if (plan.fact_lines.empty())
    write_facts(plan.facts, now, writer);
  else
    writer.checked_lines(plan.fact_lines);
}

// A view of the query was checked by the parser, so that it is written without a check.
void write_location(const Plan& plan, http1::HeadWriter& writer) {
  if (!plan.has_location_query) return writer.field("Location", plan.location);
  for (const std::string_view piece :
       {std::string_view("Location: "), plan.location, std::string_view("?"), plan.location_query,
        std::string_view("\r\n")}) {
    writer.checked_lines(piece);
  }
}

// The fields that tell the client how to come again. RFC 9110 sections 11.6.1 and 10.2.3; RFC 7617
// section 2.1 for the charset.
void write_refusal(const Plan& plan, http1::HeadWriter& writer) {
  if (plan.status == 416) writer.content_range_unsatisfied(plan.facts.size);
  if (plan.status == 401) {
    writer.field("WWW-Authenticate", "Basic realm=\"quoit\", charset=\"UTF-8\"");
    writer.field("WWW-Authenticate", "Bearer realm=\"quoit\"");
  }
}

}  // namespace

void write_facts(FileFacts facts, std::int64_t now, http1::HeadWriter& writer) {
  writer.checked_field(FieldName::etag, tag_of(facts).text());
  // RFC 9110 section 8.8.2.1: Last-Modified is never in the future.
  writer.date("Last-Modified", std::min(facts.mtime_seconds(), now));
}

std::size_t write_head(const Plan& plan, HeadTime time, std::span<char> buffer) {
  http1::HeadWriter writer(buffer);
  writer.status_line(plan.status);
  writer.checked_field(FieldName::date, time.date);
  if (has_content_length(plan)) writer.checked_field(FieldName::content_length, plan.length);
  if (plan.is_chunked) writer.field("Transfer-Encoding", "chunked");
  write_type(plan, writer);
  write_version(plan, time.seconds, writer);
  if (plan.is_readable) writer.checked_field(FieldName::accept_ranges, "bytes");
  if (plan.is_partial) {
    writer.content_range(plan.offset, plan.offset + plan.length - 1, plan.facts.size);
  }
  const bool coded = plan.facts.coding != Coding::identity;
  if (coded && plan.content != Content::none) {
    writer.field("Content-Encoding", name_of(plan.facts.coding));
  }
  if (!plan.vary.empty()) writer.field("Vary", plan.vary);
  if (plan.status > 400) write_refusal(plan, writer);
  if (!plan.allow.empty()) writer.field("Allow", plan.allow);
  if (!plan.location.empty()) write_location(plan, writer);
  if (plan.mtime_accepted) writer.field("X-OC-MTime", "accepted");
  if (!plan.request_id.empty()) writer.field("X-Request-Id", plan.request_id);
  if (!plan.more_lines.empty()) writer.checked_lines(plan.more_lines);
  if (plan.retry_after_seconds > 0) writer.field("Retry-After", plan.retry_after_seconds);
  if (plan.is_page) writer.checked_lines(page_files().field_lines);
  if (plan.extra_fields) {
    write_extra_fields(*plan.extra_fields, plan.is_page, writer);
    write_cors(plan.cors, plan.allow, writer);
  }
  if (!plan.keep_alive)
    writer.field("Connection", "close");
  else if (plan.old_client)
    writer.field("Connection", "keep-alive");
  writer.end();
  return writer.written().size();
}

}  // namespace server
