// Comparing and opening the served directory. Covered by tests/server/files/root_test.cc and
// tests/end_to_end/root_test.cc.
#include "apps/server/files/root.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "uring/event.h"

namespace server {

namespace {

constexpr int directory_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

// The path with the working directory before it; empty if that has no path.
std::string absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  const std::unique_ptr<char, decltype(&std::free)> directory(::getcwd(nullptr, 0), &std::free);
  if (!directory) return {};
  return path == "." ? std::string(directory.get()) : std::string(directory.get()) + "/" + path;
}

// These errors say nothing about the path.
bool is_passing(int error) {
  return error == EINTR || error == ENOMEM || error == EMFILE || error == ENFILE;
}

// Whether this process may not list a directory although its permissions allow it to.
bool is_forbidden(int directory) {
  const uring::Fd probe(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return !probe.valid() && errno == EACCES && ::faccessat(directory, ".", R_OK, AT_EACCESS) == 0;
}

}  // namespace

int Root::identify(int directory, const char* path, int flags, Identity& identity) {
  struct statx status {};
  if (::statx(directory, path, flags, STATX_TYPE | STATX_INO | STATX_MNT_ID, &status) != 0) {
    return errno;
  }
  if (!S_ISDIR(status.stx_mode)) return ENOTDIR;
  const bool has_mount = (status.stx_mask & STATX_MNT_ID) != 0;
  identity = {.directory = {.device = ::makedev(status.stx_dev_major, status.stx_dev_minor),
                            .inode = status.stx_ino},
              .mount = has_mount ? status.stx_mnt_id : 0};
  return 0;
}

int Root::open(const std::string& path) {
  fd_.reset(::open(path.c_str(), directory_flags));
  if (!fd_.valid()) return errno;
  requests_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!requests_.valid()) return errno;
  if (const int error = identify(fd_.get(), "", AT_EMPTY_PATH, current_)) return error;
  path_ = absolute(path);
  Identity found;
  if (identify(AT_FDCWD, path_.c_str(), 0, found) == 0 && found == current_) return 0;
  // The absolute path may lead through directories that this process may not search.
  path_ = path;
  base_.reset(::open(".", directory_flags));
  return base_.valid() ? 0 : errno;
}

bool Root::leads_to(std::string_view directory, DirectoryId id) const {
  const int base = base_.valid() ? base_.get() : AT_FDCWD;
  std::array<char, 4096> path;  // the longest that the kernel takes
  if (path_.size() + 1 + directory.size() < path.size()) {
    char* end = path.data() + path_.copy(path.data(), path_.size());
    if (!directory.empty()) *end++ = '/';
    end += directory.copy(end, directory.size());
    *end = '\0';
    struct stat status {};
    return ::fstatat(base, path.data(), &status, 0) == 0 && status.st_dev == id.device &&
           status.st_ino == id.inode;
  }
  // Two steps, because the whole path is too long for one.
  Identity found;
  Identity open;
  if (identify(base, path_.c_str(), 0, found) != 0) return false;
  if (identify(fd_.get(), "", AT_EMPTY_PATH, open) != 0 || !(open == found)) return false;
  const std::string below(directory);
  return identify(fd_.get(), below.c_str(), 0, found) == 0 && found.directory == id;
}

void Root::request_check() const { uring::signal_event(requests_.get()); }

// Lets fd_ refer to the directory that the path leads to. Returns 0, an errno or forbidden_error.
// dup3(2) replaces what a number refers to in one step, so that no other thread ever finds it
// closed.
int Root::open_current() {
  const int base = base_.valid() ? base_.get() : AT_FDCWD;
  const uring::Fd opened(::openat(base, path_.c_str(), directory_flags));
  if (!opened.valid()) return errno;
  Identity found;
  if (const int error = identify(opened.get(), "", AT_EMPTY_PATH, found)) return error;
  if (is_confined_ && is_forbidden(opened.get())) return forbidden_error;
  if (::dup3(opened.get(), fd_.get(), O_CLOEXEC) < 0) return errno;
  current_ = found;
  return 0;
}

Root::Change Root::check() {
  const int base = base_.valid() ? base_.get() : AT_FDCWD;
  Identity found;
  int error = identify(base, path_.c_str(), 0, found);
  if (error == 0 && !is_missing() && found == current_) return Change::none;
  if (error == 0) error = open_current();
  if (error == 0) return is_missing_.exchange(false) ? Change::back : Change::replaced;
  // A directory that was removed and made anew is missing for a moment, and forbidden from then on.
  const bool is_news = !is_missing() || (error == forbidden_error && error_ != forbidden_error);
  if (!is_news || is_passing(error)) return Change::none;
  // The old directory is closed, so that its file system can be unmounted.
  if (::dup3(requests_.get(), fd_.get(), O_CLOEXEC) < 0) return Change::none;
  error_ = error;
  is_missing_.store(true);
  return error == forbidden_error ? Change::forbidden : Change::missing;
}

}  // namespace server
