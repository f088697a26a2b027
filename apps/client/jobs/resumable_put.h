// PUT of a large file as a resumable upload, which goes on after a break.
//
// The server keeps what has arrived, so that a broken connection costs the bytes that were under
// way: the next request asks where to go on, and sends the rest. A record on this machine
// (local/upload_record_file.h) lets a later run of quoit do so as well. A file that has changed
// meanwhile begins anew. docs/uploads.md has the requests. Covered by
// tests/client/jobs/resumable_put_test.cc and tests/end_to_end/client_resumes_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/jobs/jobs.h"
#include "apps/client/jobs/upload.h"
#include "apps/client/net/request.h"
#include "uring/task.h"

namespace client {

// Says whether a file of that size and kind is worth it, and no field of -H is against it.
[[nodiscard]] bool may_resume(const InputFile& input, const Settings& settings);

// Uploads as `wish`, a PUT of the whole file, asks, where the server announces that it takes
// resumable uploads; asks each origin once in a run. `is_taken` false: it takes none, nothing has
// been sent, and a usual PUT is to follow. Otherwise channel.head is the final response of the
// file. Fails as exchange() and upload(), with http_error where the server refuses a part, and with
// read_error where the file has changed; progress.is_kept says whether the upload can go on.
[[nodiscard]] uring::Task<ExitCode> put_resumably(Upload& up, const Job& job, const Request& wish,
                                                  PutProgress& progress, bool& is_taken);

}  // namespace client
