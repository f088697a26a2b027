// The sweep: removes the temporary files that a killed server has left, when the next one starts.
//
// A thread walks the root once. A temporary file of quoitd is recognised by its whole name, and as
// stale because it is not locked: every upload holds flock(2) on its temporary file, the kernel
// releases the lock with the process, and other servers on the same root, in other containers or on
// other hosts, see the lock. The ring of a killed process, and with it the lock, may exist for a
// moment longer than the process, so files that are found locked are tried again for a while. Where
// locks may not reach other hosts (network and unknown file systems) a temporary file must also be
// a day old. The walk follows no links and enters no mounts.
// The two files of a resumable upload stay until it expires (expire_uploads.h).
// docs/decisions/0006-locks-on-temporaries.md has the reasons. Covered by
// tests/server/files/sweep_test.cc and tests/end_to_end/sweep_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <thread>

#include "apps/server/files/upload_registry.h"
#include "apps/server/plan/site.h"

namespace server {

struct SweepLimits {
  int depth = 64;                               // of directories; each level costs a descriptor
  std::int64_t duration_ms = 10 * 60 * 1000;    // the next start sweeps the rest
  std::int64_t remote_age_s = 24 * 60 * 60;     // longer than any upload
  std::int64_t retry_ms = 0;                    // how long locked files are tried again
  std::int64_t upload_expiry_s = 24 * 60 * 60;  // of resumable uploads
};

struct SweepResult {
  std::uint64_t removed = 0;
  bool complete = true;  // false: a limit or a stop has ended the walk early
};

// Removes the stale temporary files below the open directory `root`, and the files of resumable
// uploads that have expired or are not whole; adds the other uploads to `uploads`, if that is not
// null. Blocks until it is done, until a limit is reached, or until a stop is requested. Errors are
// skipped: the next start tries again.
SweepResult sweep(int root, const SweepLimits& limits, const std::stop_token& stop = {},
                  UploadRegistry* uploads = nullptr);

// A thread that sweeps once, reports on standard error how many files it has removed, and then
// removes resumable uploads that expire. start() and stop() are called by one thread.
class Sweeper {
 public:
  // Sweeps `root` where `site` is writable, at the first such call; a later call sets the time
  // after which uploads expire. `root` and `uploads` exist until stop() has returned. If no thread
  // can be started, one line on standard error says so, and nothing is swept.
  void start(const Site& site, int root, UploadRegistry& uploads);
  // Interrupts the sweep and waits for the thread.
  void stop();

 private:
  void run(int root, UploadRegistry& uploads, const std::stop_token& stop);

  bool has_started_ = false;
  std::atomic<std::int64_t> upload_expiry_s_ = 0;
  std::jthread thread_;
};

}  // namespace server
