// Reading the fields of resumable uploads. Covered by tests/server/plan/upload_fields_test.cc.
#include "apps/server/plan/upload_fields.h"

namespace server {

using http1::FieldName;

UploadFields read_upload_fields(const http1::RequestHead& head) {
  UploadFields fields{http1::read_upload_fields(head)};
  const std::uint64_t version =
      http1::size_value_of(head, FieldName::upload_draft_interop_version).value_or(0);
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
