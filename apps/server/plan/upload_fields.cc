// Reading the fields of resumable uploads. Covered by tests/server/plan/upload_fields_test.cc.
#include "apps/server/plan/upload_fields.h"

#include "parser/structured_fields.h"

namespace server {

using http1::FieldName;

namespace {

std::optional<std::uint64_t> size_of(const http1::RequestHead& head, FieldName name) {
  if (!head.has(name) || head.has_repeated(name)) return std::nullopt;
  const std::optional<std::int64_t> value = http1::parse_integer(head.value_of(name));
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

}  // namespace

UploadFields read_upload_fields(const http1::RequestHead& head) {
  UploadFields fields;
  if (!head.has_repeated(FieldName::upload_complete)) {
    fields.complete = http1::parse_boolean(head.value_of(FieldName::upload_complete));
  }
  fields.offset = size_of(head, FieldName::upload_offset);
  fields.length = size_of(head, FieldName::upload_length);
  const std::uint64_t version = size_of(head, FieldName::upload_draft_interop_version).value_or(0);
  const bool is_known = version >= least_interop_version && version <= most_interop_version;
  // RFC 9110 section 15.2: a client of HTTP/1.0 gets no interim response.
  if (is_known && head.version() == http1::Version::http_1_1) {
    fields.interop_version = static_cast<int>(version);
  }
  return fields;
}

AnnouncedLength announced_length(const UploadFields& fields, http1::Body body,
                                 std::uint64_t offset) {
  AnnouncedLength announced{.length = fields.length};
  if (body.kind == http1::BodyKind::chunked) return announced;
  const std::uint64_t end = offset + body.length;
  if (fields.length) {
    const bool is_end = end == *fields.length;
    announced.is_consistent = fields.complete == true ? is_end : end <= *fields.length;
  } else if (fields.complete == true) {
    announced.length = end;
  }
  return announced;
}

}  // namespace server
