// Walking the tree and testing the locks: read sweep() first. It makes blocking calls, on a thread
// that serves no connections.
// Covered by tests/server/files/sweep_test.cc and tests/end_to_end/sweep_test.cc.
#include "apps/server/files/sweep.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <exception>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "apps/server/files/expire_uploads.h"
#include "apps/server/files/file_system.h"
#include "apps/server/log/message.h"
#include "apps/server/plan/temporary_name.h"
#include "uring/fd.h"
#include "uring/monotonic.h"
#include "uring/mutex.h"
#include "uring/openat2.h"

namespace server {

namespace {

// Opens an entry of `directory` by its name, following no link and entering no mount.
uring::Fd open_entry(int directory, const char* name, std::uint64_t flags) {
  const uring::OpenHow how{.flags = flags | O_CLOEXEC | O_NOFOLLOW,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
  return uring::Fd(std::max(uring::openat2(directory, name, how), -1));
}

// A temporary file that was locked: by an upload, or by the ring of a process that was killed.
struct Locked {
  uring::Fd directory;
  uring::Fd file;
  std::string name;
};

// Each costs two descriptors. The next start sweeps the rest.
constexpr std::size_t most_locked = 64;

struct Walk {
  const SweepLimits& limits;
  const std::stop_token& stop;
  std::int64_t end_us;      // on uring::monotonic_us()
  UploadRegistry* uploads;  // null: uploads are not registered
  std::string path;         // of the directory that is read, relative to the root; empty: the root
  int root;
  SweepResult result;
  std::vector<Locked> locked;

  bool is_over() {
    if (!stop.stop_requested() && uring::monotonic_us() < end_us) return false;
    result.complete = false;
    return true;
  }
};

bool is_locked(int flock_result) { return flock_result != 0 && errno == EWOULDBLOCK; }

void try_later(int directory, uring::Fd file, const char* name, Walk& walk) {
  if (walk.locked.size() == most_locked) return;
  uring::Fd parent(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
  if (parent.valid()) walk.locked.push_back({std::move(parent), std::move(file), name});
}

// Removes a temporary file that is not locked. An upload locks its file before it writes; an upload
// that finds its file locked by the sweep, or unlinked, takes another name (write/put.cc).
void remove_stale(int directory, const char* name, Walk& walk) {
  // O_WRONLY, because NFS requires it for an exclusive lock. O_NONBLOCK, because it may be a FIFO.
  uring::Fd file = open_entry(directory, name, O_WRONLY | O_NONBLOCK);
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const int flocked = ::flock(file.get(), LOCK_EX | LOCK_NB);
  if (is_locked(flocked)) return try_later(directory, std::move(file), name, walk);
  const bool has_lock = flocked == 0;
  // The age by ctime, because an upload may set any modification time.
  const std::int64_t age_s = ::time(nullptr) - status.st_ctim.tv_sec;
  if ((!has_lock || !is_local(file.get())) && age_s < walk.limits.remote_age_s) return;
  if (::unlinkat(directory, name, 0) == 0) ++walk.result.removed;
}

// Looks at an upload, whose files are in the directory that is read, and registers it unless it is
// gone.
void sweep_upload(const UploadId& id, Walk& walk) {
  UploadRegistry::Place place{.directory = walk.path.empty() ? "." : walk.path, .id = id};
  const UploadFate fate =
      expire_upload(walk.root, place, walk.limits.upload_expiry_s, file_time_ms());
  if (fate.is_removed) ++walk.result.removed;
  if (fate.due_ms == 0 || !walk.uploads) return;
  place.due_ms = fate.due_ms;
  place.is_finished = fate.is_finished;
  place.parents = fate.parents;
  walk.uploads->add(place);
  // A request may have finished or deleted the upload before it was added, and has then left the
  // registry already. One that does so from now on finds it there.
  const UploadFate since =
      expire_upload(walk.root, place, walk.limits.upload_expiry_s, file_time_ms());
  if (since.is_finished) walk.uploads->set_finished(id);
  if (since.due_ms == 0) walk.uploads->remove(id);
}

// Each upload has a state; a file of bytes without one was left by a server that was killed.
void sweep_name(int directory, const char* name, Walk& walk) {
  UploadId id;
  if (is_temporary(name)) remove_stale(directory, name, walk);
  if (is_upload_name(name, UploadName::state, id)) return sweep_upload(id, walk);
  if (!is_upload_name(name, UploadName::part, id)) return;
  const TemporaryName state = name_of_upload(id, UploadName::state);
  const int looked = ::faccessat(directory, state.data(), F_OK, AT_SYMLINK_NOFOLLOW);
  if (looked != 0 && errno == ENOENT) {  // any other error says nothing about the state
    remove_stale(directory, name, walk);
  }
}

void sweep_directory(uring::Fd directory, int depth, Walk& walk) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(directory.get()), ::closedir);
  if (!entries) return;
  const int fd = directory.release();  // closedir() closes it
  while (!walk.is_over()) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this stream
    const dirent* entry = ::readdir(entries.get());
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    sweep_name(fd, entry->d_name, walk);
    if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) continue;
    if (depth == 0) {
      walk.result.complete = false;
      continue;
    }
    uring::Fd below = open_entry(fd, entry->d_name, O_RDONLY | O_DIRECTORY);
    if (!below.valid()) continue;
    const std::size_t size = walk.path.size();
    walk.path.append(size > 0 ? "/" : "").append(name);
    sweep_directory(std::move(below), depth - 1, walk);
    walk.path.resize(size);
  }
}

// Removes those that are no longer locked. A file that was published meanwhile has no temporary
// name any more, so that unlinkat(2) does not find it.
void remove_released(Walk& walk) {
  std::erase_if(walk.locked, [&walk](const Locked& locked) {
    if (is_locked(::flock(locked.file.get(), LOCK_EX | LOCK_NB))) return false;
    if (::unlinkat(locked.directory.get(), locked.name.c_str(), 0) == 0) ++walk.result.removed;
    return true;
  });
}

// Sleeps for this time, or until a stop is requested.
void pause(uring::Milliseconds duration_ms, const std::stop_token& stop) {
  const uring::Milliseconds end_ms = uring::monotonic_ms() + duration_ms;
  uring::Mutex mutex;
  uring::CondVar stop_requested;
  const std::stop_callback notify(stop, [&] {
    const uring::MutexLock lock(mutex);  // not between the test and the wait below
    stop_requested.notify_one();
  });
  const uring::MutexLock lock(mutex);
  while (!stop.stop_requested() && stop_requested.wait_until(mutex, end_ms)) continue;
}

// Tries the locked files again, after pauses that double up to five seconds.
void wait_for_locked(Walk& walk) {
  constexpr uring::Milliseconds longest_ms = 5000;
  const std::int64_t end_us = uring::monotonic_us() + walk.limits.retry_ms * 1000;
  uring::Milliseconds pause_ms = 10;
  while (!walk.locked.empty() && !walk.stop.stop_requested() && uring::monotonic_us() < end_us) {
    pause(pause_ms, walk.stop);
    pause_ms = std::min(2 * pause_ms, longest_ms);
    remove_released(walk);
  }
}

}  // namespace

SweepResult sweep(int root, const SweepLimits& limits, const std::stop_token& stop,
                  UploadRegistry* uploads) {
  Walk walk{.limits = limits,
            .stop = stop,
            .end_us = uring::monotonic_us() + limits.duration_ms * 1000,
            .uploads = uploads,
            .path = {},
            .root = root,
            .result = {},
            .locked = {}};
  sweep_directory(open_entry(root, ".", O_RDONLY | O_DIRECTORY), limits.depth, walk);
  wait_for_locked(walk);
  return walk.result;
}

namespace {

// Removes what killed servers have left, and reports that.
void sweep_and_report(int root, std::int64_t expiry_s, UploadRegistry& uploads,
                      const std::stop_token& stop) {
  constexpr std::int64_t retry_ms = 60'000;  // a ring is torn down within seconds
  try {
    const SweepLimits limits{.retry_ms = retry_ms, .upload_expiry_s = expiry_s};
    const SweepResult result = sweep(root, limits, stop, &uploads);
    if (result.removed == 0) return;
    print_message(Severity::info, "removed %llu temporary file%s of a server that was killed",
                  static_cast<unsigned long long>(result.removed), result.removed == 1 ? "" : "s");
  } catch (const std::bad_alloc&) {
    print_message(Severity::warning, "not enough memory to look for old temporary files");
  }
}

// How often uploads that have expired are looked for: an upload is off the disk within five
// seconds, or a quarter of its life.
uring::Milliseconds expiry_interval_ms(std::int64_t expiry_s) {
  return std::min<uring::Milliseconds>(5000, expiry_s * 1000 / 4);
}

}  // namespace

void Sweeper::run(int root, UploadRegistry& uploads, const std::stop_token& stop) {
  sweep_and_report(root, upload_expiry_s_, uploads, stop);
  while (!stop.stop_requested()) {
    try {
      expire_uploads(root, uploads, upload_expiry_s_, file_time_ms());
    } catch (const std::bad_alloc&) {
      print_message(Severity::warning, "not enough memory to look for uploads that have expired");
    }
    pause(expiry_interval_ms(upload_expiry_s_), stop);
  }
}

void Sweeper::start(const Site& site, int root, UploadRegistry& uploads) {
  upload_expiry_s_ = site.upload_expiry_s;
  if (!site.writable || std::exchange(has_started_, true)) return;
  try {
    thread_ = std::jthread(
        [this, root, &uploads](const std::stop_token& stop) { run(root, uploads, stop); });
  } catch (const std::exception&) {  // of memory, or of the system
    print_message(Severity::warning, "no thread to look for old temporary files with");
  }
}

void Sweeper::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace server
