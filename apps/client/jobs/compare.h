// A file here beside the one on the server, by a HEAD: for listings that do not say enough, and for
// --checksum.
//
// Covered by tests/client/jobs/sync_test.cc.
#pragma once

#include <cstdint>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

enum class Comparison : std::uint8_t {
  equal,
  differs,
  absent  // on the server
};

struct Compared {
  Comparison result = Comparison::differs;
  Condition condition = {};  // under which the server's file is still the one that was compared
};

// Asks the server for the size and the time of the file at job.where and compares them with those
// of job.file; with --checksum, for the size and the digest. Fails with digest_mismatch where the
// server then offers no digest, with read_error where the file here cannot be read, with http_error
// where the server refuses, also where a file to download is absent, and otherwise as exchange().
[[nodiscard]] uring::Task<ExitCode> compare(Channel& channel, const Job& job, Compared& compared);

}  // namespace client
