// One openat(2) for each name, none of which follows a symbolic link. Covered by
// tests/uring/open_in_steps_test.cc and tests/end_to_end/engine_test.cc.
#include "uring/open_in_steps.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string_view>
#include <sys/stat.h>

#include "uring/fd.h"

namespace uring {

namespace {

// The RESOLVE_ flags that steps without symbolic links and ".." satisfy.
constexpr std::uint64_t satisfied = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;

using Name = std::array<char, 256>;  // NAME_MAX and a NUL

// Moves the first name of `path` to `name`, and removes the slashes behind it. Returns 0 or minus
// an errno.
int take_name(std::string_view& path, Name& name) {
  const std::string_view first = path.substr(0, path.find('/'));
  path.remove_prefix(first.size());
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (first == "..") return -EXDEV;
  if (first.size() >= name.size()) return -ENAMETOOLONG;
  name[first.copy(name.data(), first.size())] = '\0';
  return 0;
}

// With O_PATH, O_NOFOLLOW opens the link itself; without, it fails with ELOOP.
std::int32_t open_last(int directory, const Name& name, const Operation& op, bool is_directory) {
  const auto flags =
      static_cast<int>(op.open_flags) | O_NOFOLLOW | (is_directory ? O_DIRECTORY : 0);
  Fd opened(::openat(directory, name.data(), flags, static_cast<mode_t>(op.open_mode)));
  if (!opened.valid()) return errno == ELOOP ? -EXDEV : -errno;
  struct stat status {};
  if ((flags & O_PATH) && ::fstat(opened.get(), &status) == 0 && S_ISLNK(status.st_mode)) {
    return -EXDEV;
  }
  return opened.release();
}

}  // namespace

std::int32_t open_in_steps(const Operation& op) {
  const char* const text = static_cast<const char*>(op.address);
  if (op.open_resolve == 0) {
    const int fd =
        ::openat(op.fd, text, static_cast<int>(op.open_flags), static_cast<mode_t>(op.open_mode));
    return fd < 0 ? -errno : fd;
  }
  if (op.open_resolve & ~satisfied) return -ENOSYS;
  std::string_view path = text;
  if (path.empty()) return -ENOENT;
  if (path.front() == '/') return -EXDEV;
  const bool is_directory = path.back() == '/';
  Fd at;
  Name name{};
  for (;;) {
    if (const int error = take_name(path, name); error != 0) return error;
    const int directory = at.valid() ? at.get() : op.fd;
    if (path.empty()) return open_last(directory, name, op, is_directory);
    const int next =
        ::openat(directory, name.data(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
    if (next < 0) return -errno;
    at.reset(next);
  }
}

}  // namespace uring
