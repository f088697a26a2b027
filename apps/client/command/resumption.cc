// Covered by tests/client/command/resumption_test.cc.
#include "apps/client/command/resumption.h"

#include "parser/names.h"
#include "parser/upload_fields.h"

namespace client {

namespace {

bool is_unknown(const http1::ResponseHead& head) {
  return head.status() == 404 || head.status() == 410;
}

}  // namespace

UploadState judge_created(const http1::ResponseHead& head, std::uint64_t size) {
  const http1::UploadFields fields = http1::read_upload_fields(head);
  const bool is_begun = head.status_class() == 2 && fields.complete != true &&
                        head.has(http1::FieldName::location) &&
                        !head.has_repeated(http1::FieldName::location);
  if (!is_begun || fields.offset.value_or(0) > size) return {};
  return {.verdict = UploadVerdict::goes_on, .offset = fields.offset.value_or(0)};
}

UploadState judge_offset(const http1::ResponseHead& head, std::uint64_t size) {
  if (is_unknown(head)) return {.verdict = UploadVerdict::is_gone};
  if (head.status_class() != 2) return {};
  const http1::UploadFields fields = http1::read_upload_fields(head);
  const bool fits = fields.offset && *fields.offset <= size && fields.length.value_or(size) == size;
  if (!fits) return {.verdict = UploadVerdict::is_gone};
  if (fields.complete != true) return {.verdict = UploadVerdict::goes_on, .offset = *fields.offset};
  const bool is_whole = *fields.offset == size;
  return {.verdict = is_whole ? UploadVerdict::is_stored : UploadVerdict::is_gone};
}

UploadState judge_part(const http1::ResponseHead& head, std::uint64_t size, std::uint64_t end) {
  const http1::UploadFields fields = http1::read_upload_fields(head);
  if (fields.complete == true) return {.verdict = UploadVerdict::is_over};
  if (is_unknown(head)) return {.verdict = UploadVerdict::is_gone};
  if (head.status() == 409) return {.verdict = UploadVerdict::is_elsewhere};
  if (head.status_class() != 2) return {};
  if (end == size && !fields.complete) return {.verdict = UploadVerdict::is_over};
  const std::uint64_t offset = fields.offset.value_or(end);
  if (offset > size) return {.verdict = UploadVerdict::is_gone};
  return {.verdict = UploadVerdict::goes_on, .offset = offset};
}

bool leaves_upload(int status) {
  switch (status) {
    case 401:
    case 403:
    case 407:
    case 408:
    case 409:
    case 429: return true;
    default: return status >= 500;
  }
}

}  // namespace client
