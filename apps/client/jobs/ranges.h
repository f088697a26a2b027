// A large file over several connections, each of which gets a range of it.
//
// The first response, with the whole file, tells its size and version; the others are requested
// with Range and If-Range beside it. Every response is compared with that version before its first
// byte is written: one that names another tag, date, size or range stops all connections, and the
// download begins anew, with one. A connection that breaks goes on by itself while it brings bytes;
// one that a server refuses leaves its range to the others. Covered by
// tests/client/jobs/ranges_test.cc and tests/end_to_end/client_ranges_test.cc.
#pragma once

#include <cstdint>

#include "apps/client/command/exit_code.h"
#include "apps/client/jobs/download_state.h"
#include "uring/task.h"

namespace client {

// A smaller file is there before further connections are.
inline constexpr std::uint64_t least_divided_bytes = 8 * 1024 * 1024;

// Says whether the response in download.channel, with the whole file, is one that several
// connections may share. The output is open.
[[nodiscard]] bool may_divide(const Download& download);

// Gets all gaps of the file; `has_response`: download.channel has received the head of a response
// with the whole file, which fills the first one. Keeps a record of what is there, and sets
// download.outcome without its failure, download.failure and download.pace. Fails as
// receive_body(), with http_error where the server refuses all connections, and with weird_reply,
// and outcome.misfits, where a response is not of the file.
[[nodiscard]] uring::Task<ExitCode> receive_ranges(Download& download, bool has_response);

}  // namespace client
