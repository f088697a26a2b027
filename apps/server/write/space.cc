// Looking for space, and writing where there is some. Covered by tests/server/write/space_test.cc
// and tests/end_to_end/put_test.cc.
#include "apps/server/write/space.h"

#include "apps/server/connection/worker_state.h"
#include "apps/server/write/copy_part.h"

namespace server {

using uring::Fault;

namespace {

// How often space is looked for, and the time between two attempts. A large file that was just
// deleted keeps its space while it is open in the cache of another worker, which inotify notifies.
constexpr int most_space_attempts = 6;
constexpr uring::Milliseconds space_pause_ms = 20;

// Says whether the file system of `directory` has `bytes` more beside the `reserve`. True where it
// does not report its free space: a write will tell.
bool has_space(uring::Io& io, int directory, std::uint64_t reserve, std::uint64_t bytes) {
  const std::int64_t free = io.engine().free_bytes(directory);
  if (free < 0) return true;
  const auto left = static_cast<std::uint64_t>(free);
  return left >= reserve && left - reserve >= bytes;
}

// Closes deleted files of this worker, or waits until other workers have closed theirs. `attempt`:
// how often space was looked for, at least once. False: it is not to be looked for again.
uring::Task<bool> await_deletions(Connection& c, int attempt) {
  const int most_attempts = c.worker.shared.workers > 1 ? most_space_attempts : 2;
  if (attempt == most_attempts) co_return false;
  if (attempt > 1) co_await c.io.sleep(space_pause_ms);
  c.worker.record_file_change();
  c.worker.fresh_files();
  co_return true;
}

}  // namespace

uring::Task<bool> finds_space(Connection& c, int directory, std::uint64_t bytes) {
  const std::uint64_t reserve = c.exchange->site->reserve;
  for (int attempt = 1;; ++attempt) {
    if (has_space(c.io, directory, reserve, bytes)) co_return true;
    const bool goes_on = co_await await_deletions(c, attempt);
    if (!goes_on) co_return false;
  }
}

uring::Task<Fault> write_bytes(Connection& c, Upload& upload, std::string_view bytes) {
  const std::uint64_t reserve = c.exchange->site->reserve;
  for (int attempt = 1;; ++attempt) {
    const std::uint64_t begin = upload.position;
    Fault fault = Fault::no_space;
    if (reserve == 0 || has_space(c.io, upload.target.directory, reserve, bytes.size())) {
      const Fault written = co_await write_all(c.io, upload.file, bytes, upload.position);
      fault = written;
    }
    if (fault != Fault::no_space) co_return fault;
    bytes.remove_prefix(upload.position - begin);
    const bool goes_on = co_await await_deletions(c, attempt);
    if (!goes_on) co_return fault;
  }
}

}  // namespace server
