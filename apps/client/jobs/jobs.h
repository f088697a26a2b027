// The jobs that the command line can ask for.
//
// Each is a coroutine that does one job over `channel`, which it connects itself, and returns how
// the job ended; the reason of a failure is in channel.error. The channel, the job and the session
// outlive the coroutine. Covered by tests/client/jobs/.
#pragma once

#include <cstdint>
#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/command/upload_record.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// GET into a file or a stream: get.cc.
[[nodiscard]] uring::Task<ExitCode> get(Channel& channel, const Job& job);
// HEAD, with the response's head to standard output: head.cc.
[[nodiscard]] uring::Task<ExitCode> head(Channel& channel, const Job& job);
// The listing of a directory, to standard output: ls.cc.
[[nodiscard]] uring::Task<ExitCode> ls(Channel& channel, const Job& job);
// DELETE: delete.cc.
[[nodiscard]] uring::Task<ExitCode> remove(Channel& channel, const Job& job);

// The state of a PUT between its tries.
struct PutProgress {
  bool is_resumable = false;    // the server has the beginning of the file: a second try is safe
  bool is_kept = false;         // a later run finds it as well
  std::uint64_t confirmed = 0;  // the largest offset that the server has sent
  std::string upload = {};      // the URL at which it goes on
  FileVersion version = {};     // of the file
};
// PUT of a file or a stream: put.cc.
[[nodiscard]] uring::Task<ExitCode> put(Channel& channel, const Job& job, PutProgress& progress);

}  // namespace client
