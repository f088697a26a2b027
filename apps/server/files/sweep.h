// Sweeping: the temporary files of a server that was killed go away when the next one starts.
//
// A thread of its own walks the root once. A temporary of ours is recognised by its whole name, and
// that nobody writes it by its lock: every upload holds flock(2) on its temporary, the kernel drops
// it with the process, and other servers on the same root, in other containers or on other hosts,
// see it. A killed process's ring, and with it the lock, may outlive the process for a moment, so
// those found locked are tried again for a while. Where locks may not reach other hosts (network
// and unknown file systems) a temporary must also be a day old. Links are never followed, mounts
// never entered. The reasons are in docs/decisions/0006-locks-on-temporaries.md. Covered by
// tests/server/files/sweep_test.cc and tests/end_to_end/sweep_test.cc.
#pragma once

#include <cstdint>
#include <stop_token>
#include <thread>

namespace server {

struct SweepLimits {
  int depth = 64;                             // directories below the root; each costs a descriptor
  std::int64_t duration_ms = 10 * 60 * 1000;  // the rest is for the next start
  std::int64_t remote_age_s = 24 * 60 * 60;   // longer than any upload
  std::int64_t held_ms = 0;                   // how long those found locked are tried again
};

struct Swept {
  std::uint64_t removed = 0;
  bool complete = true;  // nothing was left out for a limit or a stop
};

// Removes the stale temporaries below the open directory `root`, until a stop is requested.
Swept sweep(int root, const SweepLimits& limits, const std::stop_token& stop = {});

// The thread that sweeps. Says on standard error what it removed.
class Sweeper {
 public:
  // Begins; `root` is open until stop() has returned. Without a thread nothing is swept.
  void start(int root);
  void stop();

 private:
  std::jthread thread_;
};

}  // namespace server
