// The walk: read sweep_directory(). Plain calls, on a thread that serves nobody.
// Covered by tests/server/sweep_test.cc and tests/end_to_end/sweep_test.cc.
#include "apps/server/sweep.h"

#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <system_error>
#include <time.h>
#include <unistd.h>

#include "apps/server/clock.h"
#include "apps/server/plan.h"
#include "uring/fd.h"

namespace server {

namespace {

// The magic numbers that <linux/magic.h> leaves to the file systems' own headers.
constexpr unsigned long zfs_magic = 0x2fc12fc1;
constexpr unsigned long bcachefs_magic = 0xca451a4e;

// One entry beneath `directory` by its own name: through no link and into no other mount.
uring::Fd open_entry(int directory, const char* name, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return uring::Fd(static_cast<int>(::syscall(SYS_openat2, directory, name, &how, sizeof how)));
}

struct Walk {
  const SweepLimits& limits;
  const std::atomic<bool>& stop;
  std::int64_t end_us;  // on Clock::microseconds()
  Swept swept;

  bool is_over() {
    if (!stop && Clock::microseconds() < end_us) return false;
    swept.complete = false;
    return true;
  }
};

// Removes a temporary that nobody holds. Its owner has locked it before it writes; who finds it
// locked by us, or gone, takes another name (upload.cc).
void remove_stale(int directory, const char* name, Walk& walk) {
  // For writing, because NFS wants that for an exclusive lock. Not blocking: it may be a FIFO.
  const uring::Fd file = open_entry(directory, name, O_WRONLY | O_NONBLOCK);
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const bool locked = ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno == EWOULDBLOCK) return;
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

}  // namespace

bool is_local(int fd) {
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return false;
  switch (static_cast<unsigned long>(status.f_type) & 0xffffffffUL) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case MSDOS_SUPER_MAGIC:
    case zfs_magic:
    case bcachefs_magic: return true;
    default: return false;
  }
}

Swept sweep(int root, const SweepLimits& limits, const std::atomic<bool>& stop) {
  Walk walk{.limits = limits,
            .stop = stop,
            .end_us = Clock::microseconds() + limits.duration_ms * 1000,
            .swept = {}};
  sweep_directory(open_entry(root, ".", O_RDONLY | O_DIRECTORY), limits.depth, walk);
  return walk.swept;
}

void Sweeper::start(int root) {
  try {
    thread_ = std::thread([this, root] {
      const Swept swept = sweep(root, {}, stopped_);
      if (swept.removed == 0) return;
      std::fprintf(stderr, "quoitd: removed %llu temporary file%s of a server that was killed\n",
                   static_cast<unsigned long long>(swept.removed), swept.removed == 1 ? "" : "s");
    });
  } catch (const std::system_error&) {
    std::fputs("quoitd: no thread to look for old temporary files with\n", stderr);
  }
}

void Sweeper::stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace server
