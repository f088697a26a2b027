// The walk, and a second look at what was locked: read sweep(). Plain calls, on a thread that
// serves nobody. Covered by tests/server/files/sweep_test.cc and tests/end_to_end/sweep_test.cc.
#include "apps/server/files/sweep.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <mutex>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <time.h>
#include <unistd.h>
#include <vector>

#include "apps/server/files/file_system.h"
#include "apps/server/plan/temporary_name.h"
#include "uring/fd.h"
#include "uring/monotonic.h"

namespace server {

namespace {

// One entry beneath `directory` by its own name: through no link and into no other mount.
uring::Fd open_entry(int directory, const char* name, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return uring::Fd(static_cast<int>(::syscall(SYS_openat2, directory, name, &how, sizeof how)));
}

// A temporary that was locked: by an upload of today, or by what is left of a killed process.
struct Held {
  uring::Fd directory;
  uring::Fd file;
  std::string name;
};

// More are left for the next start: each costs two descriptors.
constexpr std::size_t most_held = 64;

struct Walk {
  const SweepLimits& limits;
  const std::stop_token& stop;
  std::int64_t end_us;  // on uring::monotonic_us()
  Swept swept;
  std::vector<Held> held;

  bool is_over() {
    if (!stop.stop_requested() && uring::monotonic_us() < end_us) return false;
    swept.complete = false;
    return true;
  }
};

bool is_held(int lock_result) { return lock_result != 0 && errno == EWOULDBLOCK; }

void keep_for_later(int directory, uring::Fd file, const char* name, Walk& walk) {
  if (walk.held.size() == most_held) return;
  uring::Fd above(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
  if (above.valid()) walk.held.push_back({std::move(above), std::move(file), name});
}

// Removes a temporary that nobody holds. Its owner has locked it before it writes; who finds it
// locked by us, or gone, takes another name (upload.cc).
void remove_stale(int directory, const char* name, Walk& walk) {
  // For writing, because NFS wants that for an exclusive lock. Not blocking: it may be a FIFO.
  uring::Fd file = open_entry(directory, name, O_WRONLY | O_NONBLOCK);
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const int result = ::flock(file.get(), LOCK_EX | LOCK_NB);
  if (is_held(result)) return keep_for_later(directory, std::move(file), name, walk);
  const bool locked = result == 0;
  // By ctime: an upload may set any modification time.
  const std::int64_t age_s = ::time(nullptr) - status.st_ctim.tv_sec;
  if ((!locked || !is_local(file.get())) && age_s < walk.limits.remote_age_s) return;
  if (::unlinkat(directory, name, 0) == 0) ++walk.swept.removed;
}

void sweep_directory(uring::Fd directory, int depth, Walk& walk) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(directory.get()), ::closedir);
  if (!entries) return;
  const int fd = directory.release();  // closedir() closes it
  while (!walk.is_over()) {
    const dirent* entry = ::readdir(entries.get());
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (is_temporary(name)) remove_stale(fd, entry->d_name, walk);
    if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) continue;
    if (depth == 0) {
      walk.swept.complete = false;
      continue;
    }
    uring::Fd below = open_entry(fd, entry->d_name, O_RDONLY | O_DIRECTORY);
    if (below.valid()) sweep_directory(std::move(below), depth - 1, walk);
  }
}

// What an upload has published meanwhile has no temporary name any more, and stays.
void remove_released(Walk& walk) {
  std::erase_if(walk.held, [&walk](const Held& held) {
    if (is_held(::flock(held.file.get(), LOCK_EX | LOCK_NB))) return false;
    if (::unlinkat(held.directory.get(), held.name.c_str(), 0) == 0) ++walk.swept.removed;
    return true;
  });
}

// Looks again at those that were locked, at longer and longer intervals.
void wait_for_held(Walk& walk) {
  using std::chrono::milliseconds;
  constexpr milliseconds longest(5000);
  const std::int64_t end_us = uring::monotonic_us() + walk.limits.held_ms * 1000;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  for (milliseconds pause(10); !walk.held.empty(); pause = std::min(2 * pause, longest)) {
    if (walk.stop.stop_requested() || uring::monotonic_us() >= end_us) return;
    never.wait_for(lock, walk.stop, pause, [] { return false; });
    remove_released(walk);
  }
}

}  // namespace

Swept sweep(int root, const SweepLimits& limits, const std::stop_token& stop) {
  Walk walk{.limits = limits,
            .stop = stop,
            .end_us = uring::monotonic_us() + limits.duration_ms * 1000,
            .swept = {},
            .held = {}};
  sweep_directory(open_entry(root, ".", O_RDONLY | O_DIRECTORY), limits.depth, walk);
  wait_for_held(walk);
  return walk.swept;
}

void Sweeper::start(int root) {
  try {
    thread_ = std::jthread([root](const std::stop_token& stop) {
      constexpr std::int64_t held_ms = 60'000;  // a ring is torn down within seconds
      const Swept swept = sweep(root, {.held_ms = held_ms}, stop);
      if (swept.removed == 0) return;
      std::fprintf(stderr, "quoitd: removed %llu temporary file%s of a server that was killed\n",
                   static_cast<unsigned long long>(swept.removed), swept.removed == 1 ? "" : "s");
    });
  } catch (const std::system_error&) {
    std::fputs("quoitd: no thread to look for old temporary files with\n", stderr);
  }
}

void Sweeper::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace server
