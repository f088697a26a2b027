// UploadFields: the fields of a resumable upload in a request. Pure.
//
// parser/upload_fields.h reads those that both sides send. Covered by
// tests/server/plan/upload_fields_test.cc.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/message.h"
#include "parser/upload_fields.h"

namespace server {

struct UploadFields : http1::UploadFields {
  // A version of the draft that this server implements, from Upload-Draft-Interop-Version of an
  // HTTP/1.1 request; 0: none. Only such a client may get a 104 (Upload Resumption Supported).
  int interop_version = 0;
};

// The versions differ in what is optional only, so that one set of answers serves all of them. The
// final RFC drops the field.
inline constexpr int least_interop_version = 6;
inline constexpr int most_interop_version = 8;

UploadFields read_upload_fields(const http1::RequestHead& head);

// The length of the whole upload by the fields of one request, whose content begins at `offset`:
// that of Upload-Length, or the end of the content where it completes the upload and its length is
// known. `is_consistent` is false where the two differ, or where the content goes beyond the
// length.
struct AnnouncedLength {
  std::optional<std::uint64_t> length;
  bool is_consistent = true;
};
AnnouncedLength announced_length(const UploadFields& fields, http1::Body body,
                                 std::uint64_t offset);

}  // namespace server
