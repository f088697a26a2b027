// Download: a GET into a file from its first request to its end, and one of its requests.
//
// Covered by tests/client/jobs/get_test.cc and resume_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/jobs/download_state.h"
#include "uring/task.h"

namespace client {

// Finds what an earlier run has left, or with --continue the file itself.
[[nodiscard]] uring::Task<> find_beginning(Download& download);

// Requests the file, or the rest of it, and takes what comes; download.outcome has the result,
// without its failure. Failures as exchange(), receive_body() and the functions of OutputFile, and:
// http_error for a response without a file, weird_reply and partial_file for one that does not
// continue the bytes.
[[nodiscard]] uring::Task<ExitCode> try_download(Download& download);

}  // namespace client
