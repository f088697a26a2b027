// Archives: the parts that all archives of a process share: the threads that make them, their
// number, and the character set of their names.
//
// Covered by tests/server/archive/archive_stream_test.cc and tests/end_to_end/archive_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <locale.h>

#include "uring/work_threads.h"

namespace server {

// The most archives at once that --max-archives takes.
inline constexpr std::uint64_t most_archives_at_once = 1000;

struct Archives {
  // To be made before the sandbox is entered, because the locale is read from a file.
  Archives();
  ~Archives();
  Archives(const Archives&) = delete;
  Archives& operator=(const Archives&) = delete;

  // Counts one more archive unless `most` are being made. The caller calls leave() in the end. Safe
  // on every thread.
  [[nodiscard]] bool enter(std::uint64_t most);
  void leave() { --running_; }
  std::uint64_t running() const { return running_; }

  // A locale with UTF-8, by which libarchive reads names; null if the system has none. Names that
  // are not ASCII are then stored as they are, and marked as of an unknown character set.
  const locale_t utf8;
  // Two, so that one archive on a slow disk does not hold up the others. Each archive has at most
  // one step in the queue.
  uring::WorkThreads threads{2, most_archives_at_once};

 private:
  std::atomic<std::uint64_t> running_ = 0;
};

}  // namespace server
