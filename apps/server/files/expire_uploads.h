// Expiry of resumable uploads: removes those that no client has continued for too long.
//
// An upload consists of a file of bytes and a file of state, in one directory. The time of its last
// byte is the modification time of the file of bytes, so that nothing else has to be written when
// bytes arrive. Blocking calls, for a thread that serves no connections. Covered by
// tests/server/files/expire_uploads_test.cc and tests/end_to_end/resumable_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <time.h>

#include "apps/server/files/upload_registry.h"

namespace server {

// The later of two file times. Both files of an upload count, because the file of bytes gets the
// time that the client wishes before it is published.
timespec later_of(const timespec& one, const timespec& other);

// The life of an upload whose file was changed last at `changed`, in milliseconds since 1970: when
// it ends. A finished upload is kept for a day at most, so that a client that has lost the answer
// can ask for it again.
std::int64_t end_of_upload_ms(const timespec& changed, std::int64_t expiry_s, bool is_finished);

// Now, in milliseconds since 1970, by the clock of file times.
std::int64_t file_time_ms();

// Removes the upload of `place` below the directory `root` if it has expired at `now_ms`, or is not
// whole. An upload that a request uses is kept. After a failure that may be temporary, the
// caller looks at the upload again later; a failure makes no upload expire early. Throws
// std::bad_alloc; then nothing has been removed.
struct UploadFate {
  std::int64_t due_ms = 0;  // when it is to be looked at again; 0: it does not exist
  bool is_removed = false;  // it existed, and was not finished
  bool is_finished = false;
  std::size_t parents = 0;  // as UploadRegistry::Place
};
UploadFate expire_upload(int root, const UploadRegistry::Place& place, std::int64_t expiry_s,
                         std::int64_t now_ms);

// Removes all uploads of `registry` that have expired.
void expire_uploads(int root, UploadRegistry& registry, std::int64_t expiry_s, std::int64_t now_ms);

}  // namespace server
