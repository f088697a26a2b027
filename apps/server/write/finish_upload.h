// The last steps of a resumable upload: receiving a part of it, and publishing all of it.
//
// Both the first request, which creates the upload, and the later ones, which continue it, end
// here. Covered by tests/server/write/resume_test.cc and tests/end_to_end/resumable_test.cc.
#pragma once

#include "apps/server/plan/upload_fields.h"
#include "apps/server/write/stored_upload.h"
#include "apps/server/write/upload_watch.h"
#include "uring/task.h"

namespace server {

// A request with a part of an upload.
struct UploadPart {
  UploadFields fields;      // with `complete`
  std::uint64_t begin = 0;  // the offset at which its body begins
  UploadWatch* watch = nullptr;
  bool is_stored = false;  // its body was received as a whole, and is what the client meant
  bool is_over = false;    // the upload exists no longer, or is finished
};

// Compares the lengths that the request tells with each other and with the known length, which it
// may complete. False: they differ, or the upload would be too large, and a response is planned.
bool take_length(Connection& c, StoredUpload& stored, const UploadPart& part);

// Receives the body of the request behind the bytes of the upload, and stores what comes, also
// where it ends early. A response is planned, unless UploadPart::is_stored.
uring::Task<> receive_part(Connection& c, Upload& upload, StoredUpload& stored, UploadPart& part);

// Goes on after the part has been stored: answers with the new offset, or publishes the complete
// upload.
uring::Task<> end_part(Connection& c, Upload& upload, StoredUpload& stored, UploadPart& part);

// Plans the response to an upload that is finished.
void answer_finished(Connection& c, const StoredUpload& stored);

// Adds what the planned response says of the upload. `upload` is not finished.
void add_part_lines(Connection& c, const Upload& upload, const StoredUpload& stored,
                    const UploadPart& part);

}  // namespace server
