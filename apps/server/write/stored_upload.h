// StoredUpload: a resumable upload between two requests: a file of bytes and a file of state.
//
// Both are in the directory of the target, so that the finished upload is renamed within one file
// system, and so that every server on it can go on with the upload. The size of the file of bytes
// is the offset. It is locked with flock(2) while a request uses it. The state is replaced as a
// whole, by a rename. Covered by tests/server/write/resume_test.cc and
// tests/end_to_end/resumable_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "apps/server/files/upload_registry.h"
#include "apps/server/plan/upload_answer.h"
#include "apps/server/plan/upload_state.h"
#include "apps/server/write/upload.h"
#include "uring/task.h"

namespace server {

// About 38 KiB, allocated for a request that creates or continues an upload.
struct StoredUpload {
  UploadId id;
  UploadState state;
  http1::RequestHead head;      // of `text`, if the state was read; else unused
  timespec changed{};           // the time of the last byte, or of the end
  bool is_finished = false;     // it is published: only the state exists
  bool is_in_registry = false;  // `use` is to leave
  UploadUse use;
  std::array<char, path_buffer_bytes> leaf;  // of UploadState::leaf
  std::array<char, most_state_bytes> text;   // of the state
};

// Null: memory is exhausted.
std::unique_ptr<StoredUpload> make_stored_upload();

// Waits until no other request uses the upload, and keeps others from it until release_use().
// False: a response is planned.
uring::Task<bool> take_use(Connection& c, StoredUpload& stored);
void release_use(Connection& c, StoredUpload& stored);

// Opens the upload whose URL the request names: its directory as Upload::target, its bytes as
// Upload::file at Upload::position; reads its state, and decides about the right to its target.
// Afterwards Intent::path is the path of the target. False: a response is planned, a 404 where
// there is no such upload or it has expired.
uring::Task<bool> open_stored(Connection& c, Upload& upload, StoredUpload& stored);

// Replaces Intent::path by that of another name in its directory. False: it does not fit.
bool set_leaf(Connection& c, std::string_view leaf);

// Writes the state, and syncs it where the bytes are synced. `origin` has the fields of the first
// request.
uring::Task<uring::Fault> write_state(Connection& c, const Upload& upload, StoredUpload& stored,
                                      const http1::RequestHead& origin);

// Removes the state, the bytes, and the directories that the upload has made. With a fault,
// either the whole upload still exists, or its state is gone and the expiry removes the rest.
uring::Task<uring::Fault> remove_stored(Connection& c, Upload& upload, StoredUpload& stored);

// Syncs the bytes, where the upload is one that survives a power cut, so that its offset may be
// sent.
uring::Task<uring::Fault> sync_part(Connection& c, const Upload& upload,
                                    const StoredUpload& stored);

// The URL of another name in the directory of the request's URL, as sent by the client. A view of
// the text for the plan.
std::string_view sibling_location(Connection& c, std::string_view leaf);

// Plans the response to OPTIONS, with the limits of uploads where they can be resumed.
void answer_options(Connection& c);

// Adds the state of the upload to the planned response.
void add_upload_lines(Connection& c, const UploadAnswer& answer);

// The time that is left to the upload, in seconds, rounded up.
std::int64_t remaining_s(const Connection& c, const StoredUpload& stored);

// The part of the text buffer for the plan in which the text of a response is, and those behind it
// for further lines and for a Location.
inline constexpr std::size_t answer_text_bytes = 4096;

}  // namespace server
