// The meaning of a response for a resumable upload: where it goes on, or that it is over.
//
// An upload is a resource of its own on the server (draft-ietf-httpbis-resumable-upload-12): a PUT
// without content begins it, a HEAD asks for the offset up to which the server has the file, and
// PATCH requests append to it. `Upload-Complete: ?1` in a response says that the upload is over and
// that the response is the one of the file, whatever its status.
//
// Pure. Covered by tests/client/command/resumption_test.cc.
#pragma once

#include <cstdint>

#include "parser/message.h"

namespace client {

// A smaller file is sent again as fast as the rest of it.
inline constexpr std::uint64_t least_resumable_bytes = 1024 * 1024;

enum class UploadVerdict : std::uint8_t {
  goes_on,       // from the offset on
  is_stored,     // the server has the whole file, and its response to that is lost
  is_over,       // the response is the one of the file
  is_gone,       // the server has no such upload, or one of something else: it begins anew
  is_elsewhere,  // the server is not at the offset of the part, or another request is in flight
  refuses        // see the status
};

struct UploadState {
  UploadVerdict verdict = UploadVerdict::refuses;
  std::uint64_t offset = 0;  // for goes_on
};

// The response to a PUT without content for a file of `size` bytes: goes_on or refuses.
[[nodiscard]] UploadState judge_created(const http1::ResponseHead& head, std::uint64_t size);

// The response to a HEAD: goes_on, is_stored, is_gone or refuses.
[[nodiscard]] UploadState judge_offset(const http1::ResponseHead& head, std::uint64_t size);

// The response to a PATCH with the bytes of the file up to `end`, the last ones where that is
// `size`: any verdict but is_stored.
[[nodiscard]] UploadState judge_part(const http1::ResponseHead& head, std::uint64_t size,
                                     std::uint64_t end);

// Says whether a refusal leaves the upload as it is, so that a later request may go on with it: the
// credentials, the server's load or its space are the reason.
[[nodiscard]] bool leaves_upload(int status);

}  // namespace client
