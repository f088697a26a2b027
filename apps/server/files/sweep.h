// The sweep: removes the temporary files that a killed server has left, when the next one starts.
//
// A thread walks the root once. A temporary file of quoitd is recognised by its whole name, and as
// stale because it is not locked: every upload holds flock(2) on its temporary file, the kernel
// releases the lock with the process, and other servers on the same root, in other containers or on
// other hosts, see the lock. The ring of a killed process, and with it the lock, may exist for a
// moment longer than the process, so files that are found locked are tried again for a while. Where
// locks may not reach other hosts (network and unknown file systems) a temporary file must also be
// a day old. The walk follows no links and enters no mounts.
// docs/decisions/0006-locks-on-temporaries.md has the reasons. Covered by
// tests/server/files/sweep_test.cc and tests/end_to_end/sweep_test.cc.
#pragma once

#include <cstdint>
#include <stop_token>
#include <thread>

#include "apps/server/plan/site.h"

namespace server {

struct SweepLimits {
  int depth = 64;                             // of directories; each level costs a descriptor
  std::int64_t duration_ms = 10 * 60 * 1000;  // the next start sweeps the rest
  std::int64_t remote_age_s = 24 * 60 * 60;   // longer than any upload
  std::int64_t retry_ms = 0;                  // how long locked files are tried again
};

struct SweepResult {
  std::uint64_t removed = 0;
  bool complete = true;  // false: a limit or a stop has ended the walk early
};

// Removes the stale temporary files below the open directory `root`. Blocks until it is done, until
// a limit is reached, or until a stop is requested. Errors are skipped: the next start tries again.
SweepResult sweep(int root, const SweepLimits& limits, const std::stop_token& stop = {});

// A thread that sweeps once and reports on standard error how many files it has removed. start()
// and stop() are called by one thread.
class Sweeper {
 public:
  // Sweeps `root` where `site` is writable, at the first such call. `root` stays open until stop()
  // has returned. If no thread can be started, one line on standard error says so, and nothing is
  // swept.
  void start(const Site& site, int root);
  // Interrupts the sweep and waits for the thread.
  void stop();

 private:
  bool has_started_ = false;
  std::jthread thread_;
};

}  // namespace server
