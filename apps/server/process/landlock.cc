// The three system calls of landlock(7), which the C library does not have. Covered by
// tests/server/process/landlock_test.cc and escape_test.cc.
#include "apps/server/process/landlock.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace server {

namespace {

// struct landlock_ruleset_attr as of version 6. Headers of older kernels end it earlier.
struct RulesAttributes {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scopes;
};

// These constants are younger than the headers of Debian 12.
constexpr Landlock::Rights truncate_right = 1ULL << 14;
constexpr Landlock::Rights device_ioctl_right = 1ULL << 15;
constexpr std::uint64_t all_of_tcp = 3;     // bind(2) and connect(2)
constexpr std::uint64_t all_of_scopes = 3;  // abstract unix sockets, and signals

constexpr Landlock::Rights rights_of_version_1 = (1ULL << 13) - 1;
// The rights that a rule of a file, which is no directory, may have.
constexpr Landlock::Rights rights_of_files = LANDLOCK_ACCESS_FS_EXECUTE |
                                             LANDLOCK_ACCESS_FS_WRITE_FILE |
                                             LANDLOCK_ACCESS_FS_READ_FILE | truncate_right;

// The additions to the first version, for people who have an older kernel.
struct Addition {
  int version;
  const char* name;
};
constexpr std::array additions = {
    Addition{3, "truncation"},
    Addition{4, "TCP connections"},
    Addition{5, "ioctl of devices"},
    Addition{6, "signals and abstract sockets"},
};

Landlock::Rights rights_of(int version) {
  Landlock::Rights rights = rights_of_version_1;
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rights |= truncate_right;
  if (version >= 5) rights |= device_ioctl_right;
  return rights;
}

}  // namespace

const Landlock::Rights Landlock::read_file = LANDLOCK_ACCESS_FS_READ_FILE;
const Landlock::Rights Landlock::read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
const Landlock::Rights Landlock::write_file = LANDLOCK_ACCESS_FS_WRITE_FILE;
const Landlock::Rights Landlock::append =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
const Landlock::Rights Landlock::remove_file = LANDLOCK_ACCESS_FS_REMOVE_FILE;
// Renaming onto a name needs the right to remove files, and a rename into another directory
// LANDLOCK_ACCESS_FS_REFER.
const Landlock::Rights Landlock::change =
    Landlock::read | Landlock::append | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER |
    truncate_right;

Landlock::Landlock() {
  const long found =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (found <= 0) {
    error_ = errno;
    return;
  }
  version_ = static_cast<int>(found);
  handled_ = rights_of(version_);
  const RulesAttributes attributes{
      .files = handled_, .network = all_of_tcp, .scopes = all_of_scopes};
  // The kernel refuses a longer structure than its own, unless the rest is 0.
  const std::size_t size = version_ >= 6   ? sizeof attributes
                           : version_ >= 4 ? offsetof(RulesAttributes, scopes)
                                           : offsetof(RulesAttributes, network);
  rules_.reset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (rules_.valid()) return;
  error_ = errno;
  version_ = 0;
}

void Landlock::allow(const std::string& path, Rights rights) {
  const uring::Fd opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (opened.valid()) allow(opened.get(), rights);
}

void Landlock::allow(int fd, Rights rights) {
  struct stat status {};
  if (!rules_.valid() || ::fstat(fd, &status) != 0) return;
  rights &= handled_;
  if (!S_ISDIR(status.st_mode)) rights &= rights_of_files;
  const landlock_path_beneath_attr rule{.allowed_access = rights, .parent_fd = fd};
  // Pipes and sockets, which have no path, cannot have a rule and need none.
  ::syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

bool Landlock::enter() {
  if (!rules_.valid()) {
    errno = error_;
    return false;
  }
  return ::syscall(SYS_landlock_restrict_self, rules_.get(), 0) == 0;
}

std::string Landlock::unrestricted() const {
  std::string text;
  for (const Addition& addition : additions) {
    if (version_ >= addition.version) continue;
    if (!text.empty()) text += ", ";
    text += addition.name;
  }
  return text;
}

}  // namespace server
