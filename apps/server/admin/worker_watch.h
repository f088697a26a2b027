// WorkerWatch: finds out whether each worker still finishes loop iterations.
//
// A worker that waits in the kernel for a client is healthy, so that its loop cannot just be
// watched. ask() wakes it, and it answers at the end of its loop iteration; the time for which an
// answer is missing is its silence. Used by the admin thread. Covered by
// tests/server/admin/worker_watch_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "apps/server/admin/sources.h"

namespace server {

class WorkerWatch {
 public:
  explicit WorkerWatch(const AdminSources& sources)
      : sources_(sources), asked_us_(sources.workers.size()) {}

  // Asks each worker that owes no answer for one. `now_us` is on the monotonic clock.
  void ask(std::int64_t now_us);
  // For how long the worker has owed an answer; 0 if it owes none, or has ended.
  std::int64_t silence_us(std::size_t worker, std::int64_t now_us) const;
  // Whether each worker has answered, or has been silent for longer than `most_us`.
  bool has_answers(std::int64_t now_us, std::int64_t most_us) const;

 private:
  const AdminSources& sources_;
  std::vector<std::int64_t> asked_us_;  // the time of the last question to each worker
};

}  // namespace server
