// File system types by their magic numbers. Covered by tests/server/files/file_system_test.cc.
#include "apps/server/files/file_system.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

namespace server {

namespace {

// Magic numbers that <linux/magic.h> does not have.
constexpr unsigned long zfs_magic = 0x2fc12fc1;
constexpr unsigned long bcachefs_magic = 0xca451a4e;

// The magic number; 0 if fstatfs(2) fails.
unsigned long type_of(int fd) {
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return 0;
  return static_cast<unsigned long>(status.f_type) & 0xffffffffUL;
}

bool is_same(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

}  // namespace

bool is_same_version(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
         is_same(one.st_mtim, other.st_mtim) && is_same(one.st_ctim, other.st_ctim);
}

bool is_settled(const struct stat& status) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // the clock for file times
  const timespec& change = status.st_ctim;
  const std::int64_t age_ns =
      (now.tv_sec - change.tv_sec) * 1'000'000'000 + now.tv_nsec - change.tv_nsec;
  return age_ns > (change.tv_nsec == 0 ? 2'000'000'000 : 20'000'000);
}

bool has_residency(int fd, const struct stat& status) {
  const uid_t me = ::geteuid();
  return me == 0 || status.st_uid == me || ::faccessat(fd, "", W_OK, AT_EMPTY_PATH) == 0;
}

bool is_local(int fd) {
  switch (type_of(fd)) {
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

// The kernel tests the permission before the target directory, which is invalid here: EBADF means
// that the link is permitted.
bool may_link_files(int fd) {
  return ::linkat(fd, "", -1, "none", AT_EMPTY_PATH) != 0 && errno == EBADF;
}

bool describe_file(int fd, struct stat& status) {
#if defined(__x86_64__)  // where struct stat is the kernel's
  return ::syscall(SYS_fstat, fd, &status) == 0;
#else
  return ::fstat(fd, &status) == 0;
#endif
}

ssize_t read_at(int fd, std::span<char> buffer, std::uint64_t offset) {
  ssize_t count = 0;
  do {
    count = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
  } while (count < 0 && errno == EINTR);
  return count;
}

bool may_fold_names(int fd) {
  const unsigned long type = type_of(fd);
  if (type == MSDOS_SUPER_MAGIC || type == zfs_magic || type == bcachefs_magic) return true;
  int flags = 0;  // stays 0 where the file system has no such flags
  return ::ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_CASEFOLD_FL) != 0;
}

bool is_in_memory(int fd) {
  const unsigned long type = type_of(fd);
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

// 64 bits of nanoseconds reach from 1678 to 2261; some file systems have times beyond.
FileFacts facts_in(const struct stat& status) {
  constexpr std::int64_t furthest = 9'223'372'035;  // seconds before or after 1970
  const std::int64_t seconds = std::clamp<std::int64_t>(status.st_mtim.tv_sec, -furthest, furthest);
  return {.size = static_cast<std::uint64_t>(status.st_size),
          .mtime_ns = seconds * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::optional<FileFacts> facts_of(int fd) {
  struct stat status {};
  if (!describe_file(fd, status)) return {};
  return facts_in(status);
}

bool is_working_directory(int fd) {
  struct stat one {};
  struct stat other {};
  return ::stat(".", &one) == 0 && describe_file(fd, other) && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

}  // namespace server
