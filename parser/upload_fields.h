// The fields of resumable uploads, draft-ietf-httpbis-resumable-upload-12.
//
// Upload-Complete is a boolean; Upload-Offset and Upload-Length are integers from 0 on;
// Upload-Limit is a dictionary. A field with a value of another type, or with several lines where
// it is an item, counts as absent (RFC 9651 section 4.2). Pure functions over heads. Covered by
// tests/parser/upload_fields_test.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/message.h"

namespace http1 {

struct UploadFields {
  std::optional<bool> complete;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
};

[[nodiscard]] UploadFields read_upload_fields(const Head& head) noexcept;

// The value of a field that is an integer from 0 on.
[[nodiscard]] std::optional<std::uint64_t> size_value_of(const Head& head, FieldName name) noexcept;

// Upload-Limit, by which a server announces that it takes resumable uploads. Members of other types
// or with other keys are ignored.
struct UploadLimits {
  std::optional<std::uint64_t> max_size;         // of the whole upload, in bytes
  std::optional<std::uint64_t> max_append_size;  // of the content of a request, in bytes
};

// Empty: the field is absent, or no dictionary.
[[nodiscard]] std::optional<UploadLimits> read_upload_limits(const Head& head) noexcept;

}  // namespace http1
